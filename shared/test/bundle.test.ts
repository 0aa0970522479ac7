import { Bundle } from '@gatepost/shared/bundle';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { beforeEach, expect, it } from 'vitest';

let clock: VirtualClock;
let sent: (readonly string[])[];
let bundle: Bundle<string>;

beforeEach(() => {
  clock = new VirtualClock(1_800_000_000_000);
  sent = [];
  bundle = new Bundle(clock, (items) => sent.push(items));
});

it('sends what came in one turn together, after it', async () => {
  bundle.add('a', 1);
  bundle.add('b', 1);
  expect(sent).toEqual([]);
  await clock.pass(1);
  bundle.add('c', 1);
  await clock.pass(1);
  expect(sent).toEqual([['a', 'b'], ['c']]);
});

it('lets what has time wait for what has none, in order', async () => {
  bundle.add('a', 1, 5);
  await clock.pass(2);
  bundle.add('b', 1);
  bundle.add('c', 1, 5);
  await clock.pass(1);
  expect(sent).toEqual([['a', 'b', 'c']]);
  await clock.pass(100);
  expect(sent).toHaveLength(1);
});

it('sends what nobody joined when its time is over, and what has less time no later', async () => {
  bundle.add('a', 1, 5);
  await clock.pass(4);
  expect(sent).toEqual([]);
  await clock.pass(1);
  expect(sent).toEqual([['a']]);
  bundle.add('b', 1, 50);
  bundle.add('c', 1, 5);
  await clock.pass(5);
  expect(sent).toEqual([['a'], ['b', 'c']]);
});

it('sends no more together than one message may hold, and at once when it is asked to', () => {
  bundle.add('a', 40_000, 5);
  bundle.add('b', 40_000, 5);
  expect(sent).toEqual([['a']]);
  bundle.flush();
  bundle.flush();
  expect(sent).toEqual([['a'], ['b']]);
});
