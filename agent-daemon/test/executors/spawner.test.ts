import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { Spawner } from '../../src/shell/executors/spawner.js';
import { until } from '../support/until.js';
import { alive, command, outputOf, start } from './run.js';

const UNCONFINED = { confine: 'none' };

function shell(spawner: Spawner, script: string, answers = false) {
  onTestFinished(() => spawner.close());
  const env = { PATH: process.env.PATH ?? '' };
  return spawner.start({ program: 'sh', args: ['-c', script], cwd: '/', env, streams: 4, answers });
}

it('what a helper had started fails with it, nothing of it is left, and the next program gets another helper', async () => {
  const run = start(command(['sh', '-c', 'echo $PPID $$ >&2; sleep 1000'], UNCONFINED));
  const [helper = 0, program = 0] = await until(() => run.log[0]?.split(' ').map(Number), 'its start');
  process.kill(helper, 'SIGKILL');
  expect(outputOf(await run.result)).toBe('failed: the helper that starts programs has ended: SIGKILL');
  expect(alive(program)).toBe(false);
  const next = outputOf(await start(command(['sh', '-c', 'echo $PPID'], UNCONFINED)).result);
  expect(Number(next)).toBeGreaterThan(1);
  expect(Number(next)).not.toBe(helper);
});

it('a helper ends with its daemon and takes its directory along, but not at a signal for all', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'gatepost-spawner-')), 'streams');
  const helper = fork(fileURLToPath(new URL('../../bin/spawner.mjs', import.meta.url)), [path], { execArgv: [] });
  helper.send({ id: 1, streams: 1 });
  expect(await once(helper, 'message')).toMatchObject({ 0: { error: expect.stringContaining('ENOTCONN') } });
  helper.kill('SIGTERM');
  helper.disconnect();
  expect(await once(helper, 'exit')).toEqual([0, null]);
  expect(existsSync(join(path, '..'))).toBe(false);
});

it('a program that writes faster than it is read waits, on each of its descriptors', async () => {
  const { stdio, exited } = await shell(new Spawner(), 'for n in 1 2 3; do yes | head -c 1000000 >&$n; done');
  await once(stdio[1] ?? new Readable(), 'readable');
  const sizes = stdio.slice(1).map(async (stream) => {
    let size = 0;
    for await (const chunk of stream) size += (chunk as Buffer).length;
    return size;
  });
  expect(await Promise.all(sizes)).toEqual([1_000_000, 1_000_000, 1_000_000]);
  expect(await exited).toMatchObject({ code: 0 });
});

it('a program that answers does so on the way back of its input, which it has not closed with that', async () => {
  const { stdio } = await shell(new Spawner(), 'echo answer >&4; exec 4>&-; cat', true);
  const [stdin] = stdio;
  stdin?.end('asked');
  const said = async (stream: Readable | undefined) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  expect(await Promise.all(stdio.slice(0, 2).map(said))).toEqual(['answer\n', 'asked']);
});

it.runIf(existsSync('/proc/self/environ'))('a helper has no environment that a program could read', async () => {
  const { stdio } = await shell(new Spawner(), 'grep -z -v ^NODE_CHANNEL_ /proc/$PPID/environ');
  const said: Buffer[] = [];
  for await (const chunk of stdio[1] ?? []) said.push(chunk as Buffer);
  expect(Buffer.concat(said).toString()).toBe('');
});

it('says why a program cannot be started', async () => {
  const spawner = new Spawner();
  onTestFinished(() => spawner.close());
  const missing = spawner.start({ program: '/no/such', args: [], cwd: '/', env: {}, streams: 4 });
  await expect(missing).rejects.toThrow('spawn /no/such ENOENT');
});
