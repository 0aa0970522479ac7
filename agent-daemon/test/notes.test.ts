import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { MemoryStore } from '../src/shell/store/memory-store.js';
import { AttemptKeeper, NOTE_MS, START_NOTE_MS } from '../src/shell/work/attempt-keeper.js';
import { liveAttempt } from './support/live-attempt.js';

const COMMIT_MS = 5;
const LONG_MS = 1_000;

const cursorAt = (sequenceNumber: number) => ({ sequenceNumber, consensusTimestamp: BigInt(sequenceNumber) });

function host() {
  const clock = new VirtualClock(0);
  const store = MemoryStore.open({ clock, id: 's', commitMs: () => COMMIT_MS });
  const keeper = new AttemptKeeper(store, clock, pino({ level: 'silent' }));
  const pass = (ms: number) => clock.runUntil(() => false, clock.nowMs() + ms);
  return { store, keeper, pass };
}

it('whatever of the notes survives a crash: no message of the inbox counts as read whose attempt is not known', async () => {
  const seen = new Set<string>();
  for (let survivors = 0; survivors <= 4; survivors += 1) {
    const { store, keeper, pass } = host();
    for (const [index, task] of ['a', 'b', 'c'].entries()) {
      keeper.note(liveAttempt(task));
      keeper.noteRead(cursorAt(index + 1));
      await pass(1);
    }
    // Until the notes are handed over, and not until they are durable.
    await pass(NOTE_MS - 2);
    const next = store.crash(() => survivors);
    const known = [...next.attempts()].length;
    expect(next.cursor().sequenceNumber).toBeLessThanOrEqual(known);
    seen.add(`${known} known, read up to ${next.cursor().sequenceNumber}`);
  }
  expect([...seen]).toEqual([
    '0 known, read up to 0',
    '1 known, read up to 0',
    '2 known, read up to 0',
    '3 known, read up to 0',
    '3 known, read up to 3',
  ]);
});

it('an attempt that is over before it is noted is written once, with its ending, and how far the inbox was read goes along', async () => {
  const { store, keeper, pass } = host();
  const done = liveAttempt('a');
  keeper.note(done);
  keeper.noteRead(cursorAt(1));
  void keeper.keepEnding(done, { outcome: 'failed', reason: 'exit code 1' });
  await pass(COMMIT_MS);
  expect(store.attempt(done.key)?.finished?.ending.outcome).toBe('failed');
  expect(store.cursor().sequenceNumber).toBe(1);
  await pass(LONG_MS);
  expect(store.attempt(done.key)?.finished?.ending.outcome).toBe('failed');
});

it('beside another whose note waits, the reading waits for that note', async () => {
  const { store, keeper, pass } = host();
  const [done, other] = [liveAttempt('a'), liveAttempt('b')];
  for (const one of [done, other]) keeper.note(one);
  keeper.noteRead(cursorAt(1));
  void keeper.keepEnding(done, { outcome: 'failed', reason: 'exit code 1' });
  await pass(COMMIT_MS);
  expect([store.attempt(done.key) !== undefined, store.attempt(other.key), store.cursor().sequenceNumber]).toEqual([
    true,
    undefined,
    0,
  ]);
  await pass(LONG_MS);
  expect([store.attempt(other.key) !== undefined, store.cursor().sequenceNumber]).toEqual([true, 1]);
});

it.each(['a note', 'an ending'])(
  'where the disk refused %s, no message counts as read until the attempt is known',
  async (what) => {
    const { store, keeper, pass } = host();
    const [refused, later] = [liveAttempt('a'), liveAttempt('b')];
    store.full = true;
    keeper.note(refused);
    keeper.noteRead(cursorAt(1));
    if (what === 'an ending') void keeper.keepEnding(refused, { outcome: 'failed', reason: 'exit code 1' });
    keeper.writeNotes();
    await pass(COMMIT_MS * 2);
    store.full = false;
    keeper.note(later);
    keeper.noteRead(cursorAt(2));
    keeper.writeNotes();
    await pass(COMMIT_MS * 2);
    expect([store.attempt(later.key) !== undefined, store.attempt(refused.key), store.cursor().sequenceNumber]).toEqual(
      [true, undefined, 0],
    );
    if (what === 'a note') void keeper.keepEnding(refused, { outcome: 'failed', reason: 'exit code 1' });
    await pass(LONG_MS * 2);
    expect([store.attempt(refused.key)?.finished !== undefined, store.cursor().sequenceNumber]).toEqual([true, 2]);
  },
);

it('a start is noted sooner, alone, and not at all when the attempt is over by then', async () => {
  const { store, keeper, pass } = host();
  const [waiting, started, over] = [liveAttempt('a'), liveAttempt('b'), liveAttempt('c')];
  for (const one of [waiting, started, over]) keeper.note(one);
  keeper.noteRead(cursorAt(1));
  for (const one of [started, over]) keeper.noteStart(one);
  void keeper.keepEnding(over, { outcome: 'failed', reason: 'exit code 1' });
  await pass(START_NOTE_MS + COMMIT_MS);
  const known = () => [waiting, started, over].map(({ key }) => store.attempt(key) !== undefined);
  expect([known(), store.attempt(over.key)?.finished !== undefined]).toEqual([[false, true, true], true]);
  expect(store.cursor().sequenceNumber, 'one is not known yet').toBe(0);
  await pass(NOTE_MS);
  expect([known(), store.cursor().sequenceNumber]).toEqual([[true, true, true], 1]);
});
