import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { firstProcess, namespaceEnd } from '../../src/shell/executors/namespace-end.js';

/** The first process of a namespace: it has a child that ends with its input, and goes on as `then` says. */
async function firstWithChild(then: string): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const first = spawn('sh', ['-c', `cat; ${then}`], { stdio: ['pipe', 'pipe', 'ignore'] });
  onTestFinished(() => void first.kill('SIGKILL'));
  first.stdin.write('still here');
  await once(first.stdout, 'data');
  return first;
}

it.each([
  ['its first process', 'exit 0'],
  ['the last that ran beside its first process', 'exec sleep 1000'],
])('a namespace has ended with %s, not before', async (_, then) => {
  const first = await firstWithChild(then);
  let isOver = false;
  const ended = namespaceEnd(first.pid ?? 0);
  void ended.then(() => {
    isOver = true;
  });
  await setImmediate();
  expect(isOver).toBe(false);
  first.stdin.end();
  expect(await ended).toBe(true);
});

it('one that does not end is not waited for without end', async () => {
  const first = await firstWithChild('exit 0');
  expect(await namespaceEnd(first.pid ?? 0)).toBe(false);
});

it.each([
  ['{ "child-pid": 31757, "mnt-namespace": 4026532177 }', 31_757],
  ['', undefined],
  ['{ "child-pid": 31757 }{ "child-pid": 1 }', 31_757],
])('the first process is the one that bubblewrap names: %s', async (told, expected) => {
  expect(await firstProcess(Readable.from([Buffer.from(told)]))).toBe(expected);
});
