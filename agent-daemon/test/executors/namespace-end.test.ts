import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { firstProcess, namespaceEnd } from '../../src/shell/executors/namespace-end.js';

it('a namespace has ended with its first process, not before', async () => {
  const first = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(first, 'spawn');
  const ended = namespaceEnd(first.pid ?? 0);
  const soon = new Promise((resolve) => setTimeout(resolve, 100, 'not yet'));
  expect(await Promise.race([ended, soon])).toBe('not yet');
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
