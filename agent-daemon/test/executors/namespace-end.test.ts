import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { firstProcess, namespaceEnd } from '../../src/shell/executors/namespace-end.js';

it('a namespace has ended with its first process, not before', async () => {
  const first = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(first, 'spawn');
  let isOver = false;
  const ended = namespaceEnd(first.pid ?? 0);
  void ended.then(() => {
    isOver = true;
  });
  first.stdin.write('still here');
  await once(first.stdout, 'data');
  expect(isOver).toBe(false);
  first.stdin.end();
  expect(await ended).toBe(true);
});

it('one that does not end is not waited for without end', async () => {
  expect(await namespaceEnd(process.pid)).toBe(false);
});

it.each([
  ['{ "child-pid": 31757, "mnt-namespace": 4026532177 }', 31_757],
  ['', undefined],
])('the first process is the one that bubblewrap names: %s', async (told, expected) => {
  expect(await firstProcess(Readable.from([Buffer.from(told)]))).toBe(expected);
});
