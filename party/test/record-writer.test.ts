import { RecordWriter } from '@gatepost/party/ledger/record-writer';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { expect, it } from 'vitest';
import { names, started } from './support/feed-stage.js';

const LATENCY_MS = 1_000;

const verdict = (task: string): AnyRecord => ({
  type: 'verdict',
  task,
  attempt: 1,
  accepted: true,
  gate: 'none',
  reason: '',
});

/** A writer, and for each message the time at which it came and what it says. */
function stage(fillMs = 0) {
  const clock = new VirtualClock(0);
  const network = new MemoryNetwork({ clock, random: () => 0.5 });
  const ledger = network.ledger(network.createAccount());
  const topic = network.createTopic(ledger.account);
  const prepared: [number, string[]][] = [];
  const slow: typeof ledger = Object.assign(Object.create(ledger) as typeof ledger, {
    prepare: (...of: Parameters<typeof ledger.prepare>) => {
      const [[action]] = of;
      if (action?.kind !== 'message') throw new Error('messages alone');
      const unpacked = unpackMessage(action.message);
      const records = 'records' in unpacked ? unpacked.records : [];
      prepared.push([clock.nowMs(), records.map((record) => ('task' in record ? `${record.task}` : record.type))]);
      return ledger.prepare(...of);
    },
    execute: async (...of: Parameters<typeof ledger.execute>) => {
      await new Promise<void>((resolve) => clock.at(clock.nowMs() + LATENCY_MS, resolve));
      return ledger.execute(...of);
    },
  });
  const wait = () => ({ note: () => undefined, end: () => undefined });
  const writer = new RecordWriter(slow, clock, wait, names, undefined, undefined, fillMs);
  const write = (record: AnyRecord, patienceMs?: number) => void writer.write(topic, 'run', record, patienceMs);
  return { clock, prepared, write };
}

it('sends what may not wait at once, and what comes meanwhile when that has arrived', async () => {
  const { clock, prepared, write } = stage();
  write(verdict('a'));
  await clock.pass(10);
  write(verdict('b'));
  write(verdict('c'));
  await clock.pass(2 * LATENCY_MS);
  expect(prepared).toEqual([
    [0, ['#1']],
    [LATENCY_MS, ['#2', '#3']],
  ]);
});

it('has what may wait share a message when the first has waited long enough', async () => {
  const { clock, prepared, write } = stage();
  write(verdict('a'), 100);
  await clock.pass(60);
  write(verdict('b'), 100);
  await clock.pass(200);
  expect(prepared).toEqual([[100, ['#1', '#2']]]);
});

it('sends what waits along with what may not', async () => {
  const { clock, prepared, write } = stage();
  write(verdict('a'), 100);
  await clock.pass(20);
  write(verdict('b'));
  await clock.pass(10);
  expect(prepared).toEqual([[20, ['#1', '#2']]]);
});

it('has what came while a message was on its way wait as long as it may, and not longer', async () => {
  const { clock, prepared, write } = stage();
  write(verdict('a'));
  await clock.pass(LATENCY_MS - 50);
  write(verdict('b'), 100);
  await clock.pass(75);
  write(verdict('c'), 100);
  await clock.pass(LATENCY_MS);
  expect(prepared).toEqual([
    [0, ['#1']],
    [LATENCY_MS + 50, ['#2', '#3']],
  ]);
});

it('has what shares messages wait as the configuration says, and nothing else, whatever it may', async () => {
  const { clock, prepared, write } = stage(500);
  write(verdict('a'), 100);
  await clock.pass(LATENCY_MS * 2);
  write(started('b'), 100);
  await clock.pass(1);
  expect(prepared).toEqual([
    [500, ['#1']],
    [LATENCY_MS * 2, ['#2']],
  ]);
});
