// Imported before a command: writes a processor profile of its process when that ends.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, join } from 'node:path';

const [, command = 'node', what = ''] = process.argv;
const directory = process.env.GATEPOST_BENCH_PROFILES ?? '.';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.once('exit', () => {
  session.post('Profiler.stop', (error, { profile }) => {
    if (error !== null) throw error;
    const name = `${basename(command, '.js')}-${what}-${process.pid}.cpuprofile`;
    writeFileSync(join(directory, name), JSON.stringify(profile));
  });
});
