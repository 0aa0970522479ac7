// What a command can really do, beside what `doctor` and `online` say: `node reality.mjs <programs> [walk]` prints JSON.
// <programs>: those among bwrap and unshare that are to be there, with commas. Runs the built daemon's executor as whoever
// runs this. With `walk` it also names the files below /proc and /sys that can be opened for writing; nothing is written.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [, , programs = '', walk] = process.argv;
const wanted = programs.split(',');
const place = mkdtempSync(join(tmpdir(), 'gatepost-reality-'));
const bin = join(place, 'bin');
mkdirSync(bin);
for (const directory of (process.env.PATH ?? '').split(':')) {
  for (const name of ['setpriv', ...wanted]) {
    try {
      readFileSync(join(directory, name));
      symlinkSync(join(directory, name), join(bin, name));
    } catch {
      // Not here, or found before.
    }
  }
}

const dist = new URL('../../dist/', import.meta.url);
const { probeConfinement } = await import('@gatepost/shared/confinement/confinement');
const { CommandExecutor } = await import(new URL('shell/executors/command-executor.js', dist));
const { Spawner } = await import(new URL('shell/executors/spawner.js', dist));
const { confinementOf, enforcementNames } = await import(new URL('shell/enforcement.js', dist));
const { executorSchema } = await import(new URL('config/executors-schema.js', dist));

const confinement = probeConfinement(bin);
const secret = join(place, 'secret');
writeFileSync(secret, 'secret');
const server = createServer((socket) => socket.end());
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const stay = `31${process.pid}`;
const BEGUN_WITHIN_MS = 5_000;

const script = `
  const { accessSync, constants, lstatSync, openSync, closeSync, readdirSync, readFileSync } = require('node:fs');
  const can = (act) => { try { act(); return true; } catch { return false; } };
  const opened = [];
  const visit = (directory) => {
    let names = [];
    try { names = readdirSync(directory); } catch {}
    for (const name of names) {
      const path = directory + '/' + name;
      let found;
      try { found = lstatSync(path); } catch { continue; }
      if (found.isDirectory()) visit(path);
      else if (found.isFile() && can(() => closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)))) opened.push(path);
    }
  };
  if (${walk === 'walk' && confinement.mechanism === 'bubblewrap'}) { visit('/proc'); visit('/sys'); }
  const escape = 'env -i setsid sleep ${stay} >/dev/null 2>&1 </dev/null & env -i sh -c "setsid sleep ${stay} >/dev/null 2>&1 </dev/null & exit" &';
  require('node:child_process').spawnSync('sh', ['-c', escape], { stdio: 'ignore' });
  const sleeps = (pid) => can(() => { if (!readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes('sleep\\x00${stay}')) throw 0; });
  // What is to stay behind has to be there first, which takes a busy host a while.
  const until = Date.now() + ${BEGUN_WITHIN_MS};
  while (readdirSync('/proc').filter(sleeps).length < 2 && Date.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  const socket = require('node:net').connect(${server.address().port}, '127.0.0.1');
  const tell = (network) => {
    console.log(JSON.stringify({
      uid: process.getuid(),
      files: can(() => readFileSync('${secret}')),
      processes: can(() => { if (!readFileSync('/proc/${process.pid}/cmdline', 'utf8').includes('reality')) throw 0; }),
      network,
      kernel: can(() => accessSync('/proc/sys/kernel/hostname', constants.W_OK)),
      opened,
    }));
    process.exit(0);
  };
  socket.on('connect', () => tell(true)).on('error', () => tell(false));`;

const settings = executorSchema.parse({ command: [process.execPath, '-e', script] });
const workDir = mkdtempSync(join(place, 'work-'));
const executor = new CommandExecutor(settings, {
  limits: { graceMs: 100, maxOutputBytes: 10_000_000, logLineBytes: 1_000 },
  markerPrefix: 'reality:',
  spawner: new Spawner(),
  confinement,
  files: { directories: [], files: [] },
});
const log = [];
const result = await executor.execute({
  ref: { run: 'run', task: 'task', attempt: 1 },
  taskType: 'type',
  workOrder: Buffer.from('{}'),
  workDir,
  deadlineMs: Date.now() + 60_000,
  signal: new AbortController().signal,
  progress: () => undefined,
  log: (line) => log.push(line),
});
server.close();
if (!result.ok) throw new Error(`${result.reason}: ${log.join('\n')}`);

/** Processes that outlived the command; they end here. */
const escaped = readdirSync('/proc').filter((pid) => {
  try {
    return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`sleep\0${stay}`);
  } catch {
    return false;
  }
});
for (const pid of escaped) process.kill(Number(pid), 'SIGKILL');
rmSync(place, { recursive: true, force: true });
process.stdout.write(
  JSON.stringify({
    daemon: process.getuid() === 0 ? 'root' : 'ordinary user',
    mechanism: confinement.mechanism,
    doctor: confinementOf(settings, confinement),
    announced: enforcementNames({ type: settings }, confinement),
    reality: { ...JSON.parse(Buffer.from(result.output).toString('utf8')), escaped: escaped.length > 0 },
  }),
);
