import { LedgerFeed } from '@gatepost/coordinator/shell/ledger/ledger-feed';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { createLogger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { tokenId } from '@gatepost/shared/vocabulary/ids';
import { beforeEach, expect, it } from 'vitest';

const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
const REST_LAG_MS = 5_000;

let clock: VirtualClock;
let network: MemoryNetwork;
let coordinator: Ledger;
let agent: Ledger;
let journal: ReturnType<MemoryNetwork['createTopic']>;
let feed: LedgerFeed;

beforeEach(() => {
  clock = new VirtualClock(1_800_000_000_000);
  network = new MemoryNetwork({ clock, random: () => 0.5, conditions: { restLagMs: REST_LAG_MS } });
  coordinator = network.ledger(network.createAccount());
  agent = network.ledger(network.createAccount());
  journal = network.createTopic();
  feed = new LedgerFeed(coordinator, journal, new Set([agent.account]), log);
  void feed.follow(new AbortController().signal, () => undefined);
});

async function write(by: Ledger, topic: typeof journal, record: AnyRecord): Promise<void> {
  for (const message of packRecords('run', [record])) {
    await by.execute(await by.prepare([{ kind: 'message', topic, message }]));
  }
  await clock.pass(1);
}

const started = (task: string): AnyRecord => ({ type: 'started', task, attempt: 1 });
const assign = (task: string): AnyRecord => ({
  type: 'assign',
  task,
  attempt: 1,
  task_type: 'work',
  input_sha256: '0'.repeat(64),
  input_size: 1,
  deadline_ms: 1_900_000_000_000,
  price: '1',
  token: tokenId('0.0.1'),
});

const sequences = (records: Awaited<ReturnType<LedgerFeed['read']>>) => records.map(({ sequence }) => sequence);

it('loses nothing that the stream brought while it read over REST, which showed less', async () => {
  await write(agent, journal, started('a'));
  await write(agent, journal, started('b'));
  expect(sequences(await feed.read([], { by: 'rest' }))).toEqual([]);
  await write(agent, journal, started('c'));
  expect(sequences(await feed.read([]))).toEqual([1, 2, 3]);
  await clock.pass(REST_LAG_MS);
  expect(sequences(await feed.read([], { by: 'catch-up' }))).toEqual([]);
});

it('is not stopped by an agent that speaks of an attempt before it is assigned', async () => {
  const inbox = network.createTopic(coordinator.account);
  network.set({ restLagMs: 0 });
  await write(agent, journal, started('a'));
  await write(coordinator, inbox, assign('a'));
  await write(agent, journal, started('other'));
  const awaits = (_run: string | undefined, task: string) => task === 'a';
  const records = await feed.read([inbox], { awaits });
  expect(records.map(({ record }) => record.type)).toEqual(['started', 'assign', 'started']);
});

it('reads the inbox of an agent that comes into sight with what it did there', async () => {
  const inbox = network.createTopic(coordinator.account);
  network.set({ restLagMs: 0 });
  const online: AnyRecord = {
    type: 'online',
    session: 's',
    inbox,
    address: '127.0.0.1:1',
    capabilities: ['work'],
    slots: 1,
  };
  await write(agent, journal, online);
  await write(coordinator, inbox, assign('a'));
  await write(agent, journal, started('a'));
  const records = await feed.read([], { by: 'rest' });
  expect(records.map(({ record }) => record.type)).toEqual(['online', 'assign', 'started']);
});

it('hands nothing on, because somebody looked ahead, before the inboxes were read as far', async () => {
  const inbox = network.createTopic(coordinator.account);
  network.set({ restLagMs: 0 });
  const verdict: AnyRecord = { type: 'verdict', task: 'b', attempt: 1, accepted: true, gate: 'none', reason: '' };
  await write(coordinator, inbox, assign('a'));
  await write(coordinator, journal, verdict);
  const ahead = await feed.ahead();
  expect(ahead.map(({ record }) => record.type)).toEqual(['verdict']);
  // Inboxes are read when there is news of the journal.
  expect(feed.hasNews).toBe(true);
  const records = await feed.read([inbox], { by: 'rest' });
  expect(records.map(({ record }) => record.type)).toEqual(['assign', 'verdict']);
});
