import { killMarked } from '@gatepost/shared/process-tree';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { alive, command, MARKER, outputOf, start } from './run.js';

const node = (script: string) => ['node', '-e', script];

/** Ignores SIGTERM and forks a grandchild that does too, in a session of its own; prints both ids. */
const STUBBORN = `
  process.on('SIGTERM', () => {});
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', "process.on('SIGTERM',()=>{});setInterval(()=>{},1000);console.error('armed')"], {
    detached: true, stdio: ['ignore', 'ignore', 'inherit'] });
  child.unref();
  console.error('pids ' + process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);`;

const pidsIn = (log: readonly string[]): number[] | undefined =>
  log.includes('armed')
    ? log
        .find((line) => line.startsWith('pids '))
        ?.split(' ')
        .slice(1)
        .map(Number)
    : undefined;

describe('a command', () => {
  it('gets the work order on standard input; its standard output is the output, bytes as they are', async () => {
    const bytes = await start(command(node('process.stdout.write(Buffer.from([0, 255, 10, 128]))'))).result;
    expect(bytes).toEqual({ ok: true, output: Buffer.from([0, 255, 10, 128]) });
    expect(outputOf(await start(command(['cat']), { a: 1 }).result)).toBe('{"input":{"a":1}}');
  });

  it('is no shell', async () => {
    expect(outputOf(await start(command(['echo', '$HOME; ls'])).result)).toBe('$HOME; ls\n');
  });

  it('tells progress and log lines by the line protocol', async () => {
    const script = "process.stderr.write('::progress 0.25 a quarter\\nplain\\r\\n::progress soon\\nno end')";
    const run = start(command(node(script)));
    expect((await run.result).ok).toBe(true);
    expect(run.progress).toEqual([
      [0.25, 'a quarter'],
      [-1, 'soon'],
    ]);
    expect(run.log).toEqual(['plain', 'no end']);
  });

  it('may tell them on descriptor 3 instead', async () => {
    const run = start(command(['sh', '-c', 'echo "::progress 0.5 half" >&3; echo a line >&3; echo noise >&2']));
    expect(outputOf(await run.result)).toBe('');
    expect(run.progress).toEqual([[0.5, 'half']]);
    expect([...run.log].sort()).toEqual(['a line', 'noise']);
  });

  it('sees the allowed environment and nothing else', async () => {
    process.env.GATEPOST_TEST_SECRET = 'do-not-show';
    process.env.GATEPOST_TEST_SHOWN = 'shown';
    const shown = await start(
      command(node('console.log(JSON.stringify(process.env))'), { env: ['GATEPOST_TEST_SHOWN'] }),
    ).result;
    const env = JSON.parse(outputOf(shown)) as Record<string, string>;
    expect(JSON.stringify(env)).not.toContain('do-not-show');
    expect(env).toMatchObject({ GATEPOST_TEST_SHOWN: 'shown', GATEPOST_ATTEMPT: '2', GATEPOST_TASK_TYPE: 'type' });
    expect(env.HOME).toBe(env.GATEPOST_WORK_DIR);
  });

  it('cannot be given a key', async () => {
    const outcome = start(command(['true'], { env: ['AGENT_PRIVATE_KEY'] })).result;
    expect(outputOf(await outcome)).toContain('AGENT_PRIVATE_KEY is a key');
  });

  it('fails with its exit code, its signal, or the reason why it cannot run', async () => {
    expect(outputOf(await start(command(node('process.exit(7)'))).result)).toBe('failed: exit code 7');
    expect(outputOf(await start(command(node('process.kill(process.pid, "SIGKILL")'))).result)).toBe(
      'failed: killed by SIGKILL',
    );
    expect(outputOf(await start(command(['/no/such/program'])).result)).toBe(
      'failed: cannot run /no/such/program: there is no such program',
    );
  });

  it('need not read its input', async () => {
    expect(outputOf(await start(command(['echo', 'done']), 'x'.repeat(1_000_000)).result)).toBe('done\n');
  });
});

describe('bounds', () => {
  it('an output beyond the limit ends the command', async () => {
    const endless = command(['yes'], {}, { maxOutputBytes: 10_000 });
    expect(outputOf(await start(endless).result)).toBe('failed: the output exceeds 10000 bytes');
  });

  it('a line without end does not grow', async () => {
    const run = start(command(['sh', '-c', 'head -c 5000000 /dev/zero | tr "\\0" x >&2; echo >&2; echo short >&2']));
    await run.result;
    expect(run.log.map((line) => line.length)).toEqual([200, 5]);
  });

  it('memory of the whole tree is bounded', async () => {
    const hungry = node('const a = []; setInterval(() => a.push(Buffer.alloc(8e6, 1)), 5)');
    const run = start(command(hungry, { usage: { memory: '200MiB' } }));
    expect(outputOf(await run.result)).toContain('more than 209715200 bytes of memory');
  });

  it('processor time is bounded', async () => {
    const run = start(command(node('for (;;);'), { usage: { cpu_seconds: 1 } }));
    expect(outputOf(await run.result)).toContain('more than 1 s of processor time');
  });
});

/** What a loaded machine may add. */
const SLACK_MS = 5_000;

/** In a namespace of their own, processes would not know the ids by which they are looked for here. */
const UNCONFINED = { confine: 'none' };

describe('the end of a process tree', () => {
  it('a child that ignores SIGTERM and a grandchild that left its group are gone within grace + 1 s', async () => {
    const run = start(command(node(STUBBORN), UNCONFINED));
    const pids = await until(() => pidsIn(run.log), 'the grandchild');
    expect(pids.every(alive)).toBe(true);
    const began = Date.now();
    run.abort.abort();
    await run.result;
    expect(Date.now() - began).toBeLessThan(300 + 1_000 + SLACK_MS);
    expect(pids.filter(alive)).toEqual([]);
  });

  it('what a finished command left behind ends with it', async () => {
    const run = start(command(['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $!'], UNCONFINED));
    const pid = Number(outputOf(await run.result));
    expect(alive(pid)).toBe(false);
  });

  it('a command that heeds SIGTERM may still deliver its last words to the log', async () => {
    const run = start(
      command(
        node(
          "process.on('SIGTERM', () => { console.error('bye'); process.exit(0); }); console.error('up'); setInterval(() => {}, 1000)",
        ),
      ),
    );
    await until(() => run.log.includes('up') || undefined, 'its start');
    run.abort.abort();
    await run.result;
    expect(run.log).toEqual(['up', 'bye']);
  });

  it('processes of a daemon that died are found by their marker', async () => {
    const run = start(command(['sleep', '1000'], UNCONFINED));
    const killed = await until(async () => (await killMarked(MARKER)) || undefined, 'the orphan');
    expect(killed).toBe(1);
    expect(outputOf(await run.result)).toBe('failed: killed by SIGKILL');
  });
});

it('a command tells what it used, and ends when by its own word that is more than it may', async () => {
  const script = 'echo "::usage tokens=10 cost_usd=0.5" >&2; echo "::usage tokens=200" >&2; exec sleep 30';
  const told = start(command(['sh', '-c', script], { usage: { tokens: 100 } }));
  expect(outputOf(await told.result)).toBe('failed: by its own word the agent has used 200 tokens, more than 100');
  expect(told.usage).toEqual([
    { tokens: 10, costUsd: 0.5 },
    { tokens: 200, costUsd: undefined },
  ]);
  expect(told.log).toEqual([]);
});
