import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Confinement, isRoot, probeConfinement } from '@gatepost/shared/confinement/confinement';
import { killMarked } from '@gatepost/shared/process-tree';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executorSchema } from '../../src/config/executors-schema.js';
import { enforcementNames } from '../../src/shell/enforcement.js';
import { buildRegistry } from '../../src/shell/executors/build-registry.js';
import { until } from '../support/until.js';
import { command, HOST, MARKER, outputOf, SPAWNER, start } from './run.js';

const shell = (script: string) => ['sh', '-c', script];
const files = HOST.mechanism === 'bubblewrap';
const processes = HOST.mechanism !== 'none';

/** A directory in the home of whoever runs the tests, as an operator's files would lie. */
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(homedir(), '.gatepost-confinement-'));
  chmodSync(home, 0o755); // What root shows a command has to be open to nobody.
  writeFileSync(join(home, 'private'), 'private');
  mkdirSync(join(home, 'agent/data'), { recursive: true });
  writeFileSync(join(home, 'agent/neighbour'), 'neighbour');
  writeFileSync(join(home, 'agent/main.sh'), 'cat "$(dirname "$0")/neighbour"');
  writeFileSync(join(home, 'agent/.env'), 'AGENT_PRIVATE_KEY=secret');
  writeFileSync(join(home, 'agent/data/state'), 'state');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Whether a command reads, or writes, a path: each as `yes` or `no`. */
async function reach(paths: readonly string[], settings: object = {}): Promise<Record<string, string>> {
  const tries = paths.map((path) => `(cat ${path} >/dev/null 2>&1 && echo yes || echo no)`).join('; ');
  const daemon = { directories: [join(home, 'agent/data')], files: [join(home, 'agent/.env')] };
  const argv = ['sh', '-c', tries, join(home, 'agent/main.sh')];
  const answers = outputOf(await start(command(argv, settings, {}, daemon)).result)
    .trim()
    .split('\n');
  return Object.fromEntries(paths.map((path, index) => [path, answers[index] ?? '']));
}

describe('the files of a confined command', () => {
  it('are its own, its program, what lies beside its arguments, and the system read-only', async () => {
    const seen = await reach([
      join(home, 'private'),
      join(home, 'agent/neighbour'),
      join(home, 'agent/.env'),
      join(home, 'agent/data/state'),
      '/etc/passwd',
    ]);
    expect(Object.values(seen)).toEqual(files ? ['no', 'yes', 'no', 'no', 'yes'] : ['yes', 'yes', 'yes', 'yes', 'yes']);
    const main = start(command(['sh', join(home, 'agent/main.sh')]));
    expect(outputOf(await main.result)).toBe('neighbour');
  });

  it('are more by read and write, never the daemon\u2019s', async () => {
    const seen = await reach([join(home, 'private'), join(home, 'agent/.env'), join(home, 'agent/data/state')], {
      read: [home],
    });
    expect(Object.values(seen)).toEqual(files ? ['yes', 'no', 'no'] : ['yes', 'yes', 'yes']);
    const place = join(home, 'shared');
    mkdirSync(place);
    chmodSync(place, 0o777);
    const script = `echo kept > ${place}/note; echo own > note; cat note; echo no > ${home}/agent/neighbour`;
    const run = start(command(shell(script), { read: [home], write: [place] }));
    await run.result;
    expect(readFileSync(join(place, 'note'), 'utf8')).toBe('kept\n');
    expect(readFileSync(join(home, 'agent/neighbour'), 'utf8')).toBe(files ? 'neighbour' : 'no\n');
    writeFileSync(join(home, 'agent/neighbour'), 'neighbour');
  });

  it('are not confined when the operator says so', async () => {
    const seen = await reach([join(home, 'private')], { confine: 'none' });
    expect(Object.values(seen)).toEqual(['yes']);
  });

  it('in /tmp are its own too', async () => {
    const secret = join(mkdtempSync(join(tmpdir(), 'gatepost-other-')), 'file');
    writeFileSync(secret, 'of another attempt');
    const run = start(command(shell(`test -e ${secret}; echo $?; echo own > /tmp/mine; cat /tmp/mine`)));
    expect(outputOf(await run.result)).toBe(files ? '1\nown\n' : '0\nown\n');
    rmSync(join(secret, '..'), { recursive: true });
  });
});

const HEEDFUL = `
  process.on('SIGTERM', () => { console.error('bye'); process.exit(0); });
  console.error('up');
  setInterval(() => {}, 1000);`;

describe('the processes of a confined command', () => {
  it('are its own: it sees no other', async () => {
    process.env.PARENT = String(process.pid);
    const run = start(
      command(shell('ls -d /proc/[0-9]* | wc -l; test -e /proc/$PARENT/environ; echo $?'), { env: ['PARENT'] }),
    );
    const [count, missing] = outputOf(await run.result).split('\n');
    expect(Number(count) < 10).toBe(processes);
    expect(missing).toBe(processes ? '1' : '0');
  });

  it('get SIGTERM, time to end, and say how', async () => {
    const run = start(command(['node', '-e', HEEDFUL]));
    await until(() => run.log.includes('up') || undefined, 'its start');
    run.abort.abort();
    expect((await run.result).ok).toBe(true);
    expect(run.log).toEqual(['up', 'bye']);
    expect(outputOf(await start(command(shell('kill -9 $$'))).result)).toBe('failed: killed by SIGKILL');
    expect(outputOf(await start(command(shell('exit 7'))).result)).toBe('failed: exit code 7');
  });

  it('end as a whole, daemonised children included', async () => {
    const run = start(command(shell('setsid sleep 1000 >/dev/null 2>&1 & echo up >&2; wait; sleep 1000')));
    await until(() => run.log.includes('up') || undefined, 'its start');
    run.abort.abort();
    expect(outputOf(await run.result)).toMatch(/^failed: killed by SIG(TERM|KILL)$/);
    expect(await killMarked(MARKER)).toBe(0);
  });
});

describe('the network of a confined command', () => {
  it('is only there when it is allowed', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const script = `require('net').connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code)).pipe(process.stdout)`;
    const reached = async (settings: object) => outputOf(await start(command(['node', '-e', script], settings)).result);
    expect(await reached({ network: true })).toBe('hello');
    expect(await reached({})).toMatch(processes ? /^(ECONNREFUSED|ENETUNREACH)\n$/ : /^hello$/);
    server.close();
  });
});

describe('a host that cannot confine', () => {
  const NO_UNSHARE = isRoot() ? 'unshare does not confine root' : 'unshare is not installed';
  const bare = probeConfinement('/no/such/directory');
  const limits = {} as never;
  const registry = (settings: object, confinement = bare) => {
    const parsed = executorSchema.parse({ command: ['true'], ...settings });
    return buildRegistry(
      { work: parsed },
      { limits, markerPrefix: MARKER, spawner: SPAWNER, confinement, files: { directories: [], files: [] } },
    );
  };

  it('says why', () => {
    expect(bare).toEqual({ mechanism: 'none', lacking: `bwrap is not installed; ${NO_UNSHARE}` });
  });

  it('refuses to start where confinement is required, and runs without where it is not', () => {
    expect(() => registry({ confine: 'required' })).toThrow(
      `executors.work: confine: required, but this host cannot: bwrap is not installed; ${NO_UNSHARE}; ` +
        'install bubblewrap, or set confine: auto',
    );
    expect(registry({ confine: 'auto' }).has('work')).toBe(true);
  });

  it('is not asked to show what does not exist', () => {
    expect(() => registry({ read: ['/no/such/path'] })).toThrow(
      'executors.work: no such file or directory: /no/such/path',
    );
  });

  it('is told what root\u2019s commands, which are run by nobody, may not write', () => {
    const place = join(home, 'closed');
    mkdirSync(place);
    const made = () => registry({ write: [place] }, { mechanism: 'bubblewrap', lacking: '' });
    if (isRoot()) expect(made).toThrow(`who may not enter, read or write ${place}; change their mode`);
    chmodSync(place, 0o777);
    expect(made().has('work')).toBe(true);
  });

  it('only announces what holds for every executor', () => {
    const parse = (settings: object) => executorSchema.parse(settings);
    const one = parse({ command: ['true'] });
    const online = parse({ command: ['true'], network: true });
    const best = { mechanism: 'bubblewrap', lacking: '' } as const;
    const base = ['process_group'];
    const apart = ['process_tree', 'usage'];
    const names = (executors: object, confinement: Confinement) => enforcementNames(executors as never, confinement);
    expect(names({ one }, best)).toEqual([...base, 'own_files', 'own_processes', 'no_network', ...apart]);
    expect(names({ one, online }, best)).toEqual([...base, 'own_files', 'own_processes', ...apart]);
    const namespaces = { mechanism: 'namespaces', lacking: 'x' } as const;
    expect(names({ one }, namespaces)).toEqual([...base, 'own_processes', 'no_network', ...apart]);
    expect(enforcementNames({ one, free: parse({ command: ['true'], confine: 'none' }) }, best)).toEqual(base);
    expect(enforcementNames({ one }, bare)).toEqual(base);
    expect(enforcementNames({ one, web: parse({ http: 'http://127.0.0.1:1' }) }, best)).toEqual([]);
  });
});
