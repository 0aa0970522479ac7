import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ThreadAllowance } from '../../src/shell/executors/thread-allowance.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** So many calls of which each wants a thread; tells how many have one. */
function calls(allowance: ThreadAllowance, count: number) {
  const aborts = Array.from({ length: count }, () => new AbortController());
  let running = 0;
  for (const { signal } of aborts) void allowance.enter(signal).then(() => (running += 1));
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return running;
  };
  const abort = () => {
    for (const one of aborts) one.abort();
  };
  return { abort, pass };
}

it('calls that are soon over share few threads', async () => {
  const allowance = new ThreadAllowance(2, 64);
  const { pass } = calls(allowance, 64);
  for (let over = 0; over < 62; over += 1) {
    expect(await pass(190)).toBe(2 + over);
    allowance.leave();
  }
  expect(await pass(0)).toBe(64);
});

it('where no call comes to its end, twice as many get a thread each time, up to the bound', async () => {
  const { pass } = calls(new ThreadAllowance(2, 12), 20);
  expect(await pass(199)).toBe(2);
  expect(await pass(1)).toBe(4);
  expect(await pass(200)).toBe(8);
  expect(await pass(200)).toBe(12);
  expect(await pass(10_000)).toBe(12);
});

it('a call that waits is let go when it need not be made any more, and takes no place from others', async () => {
  const allowance = new ThreadAllowance(1, 1);
  const first = calls(allowance, 1);
  const second = calls(allowance, 1);
  const third = calls(allowance, 1);
  second.abort();
  expect(await second.pass(0)).toBe(1);
  allowance.leave();
  expect(await third.pass(0)).toBe(0);
  allowance.leave();
  expect(await third.pass(0)).toBe(1);
  expect(await first.pass(0)).toBe(1);
});
