import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { START } from '@gatepost/shared/ledger/topic-message';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { beforeEach, describe, expect, it } from 'vitest';
import { assign, FeedStage, log, names, REST_LAG_MS, started } from './support/feed-stage.js';

let stage: FeedStage;
let clock: FeedStage['clock'];
let network: FeedStage['network'];
let coordinator: Ledger;
let agent: Ledger;
let journal: FeedStage['journal'];
let write: FeedStage['write'];
let ownFeed: FeedStage['ownFeed'];
let inbox: FeedStage['inbox'];
let feed: LedgerFeed;

beforeEach(() => {
  stage = new FeedStage();
  ({ clock, network, coordinator, agent, journal, write, ownFeed, inbox } = stage);
  feed = new LedgerFeed(coordinator, journal, new Set([agent.account]), log);
  feed.nameTasks(names);
  void feed.follow(new AbortController().signal, () => undefined);
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
  const inbox = network.createTopic(agent.account, coordinator.account);
  network.set({ restLagMs: 0 });
  await write(agent, journal, started('a'));
  await write(coordinator, inbox, assign('a'));
  await write(agent, journal, started('other'));
  const awaits = (_run: string | undefined, task: string) => task === 'a';
  const records = await feed.read([inbox], { awaits });
  expect(records.map(({ record }) => record.type)).toEqual(['started', 'assign', 'started']);
});

const online = (inbox: string): AnyRecord => ({
  type: 'online',
  session: 's',
  inbox,
  address: '127.0.0.1:1',
  capabilities: ['work'],
  slots: 1,
});

const ownInboxes = (records: Awaited<ReturnType<LedgerFeed['read']>>) => records.map(({ ofOwnInbox }) => ofOwnInbox);

it('says of an announcement whether its author had created the inbox by then, and reads no other inbox', async () => {
  const inbox = network.createTopic(agent.account, coordinator.account);
  const another = network.createTopic(coordinator.account, coordinator.account);
  network.set({ restLagMs: 0 });
  await write(agent, journal, online(another));
  await write(coordinator, another, assign('a'));
  await write(agent, journal, online('0.0.999'));
  await write(agent, journal, online(inbox));
  await write(coordinator, inbox, assign('b'));
  await write(agent, journal, started('b'));
  const records = await feed.read([], { by: 'rest' });
  expect(records.map(({ record }) => record.type)).toEqual(['online', 'online', 'online', 'assign', 'started']);
  expect(ownInboxes(records)).toEqual([false, false, true, undefined, undefined]);
});

it('comes to the same later, when a topic was created under the id that was announced', async () => {
  network.set({ restLagMs: 0 });
  const [, , number] = network.createTopic(agent.account).split('.');
  const next = `0.0.${Number(number) + 1}`;
  await write(agent, journal, online(next));
  expect(ownInboxes(await feed.read([]))).toEqual([false]);
  expect(network.createTopic(agent.account, coordinator.account)).toBe(next);
  await write(agent, journal, online(next));
  expect(ownInboxes(await feed.read([]))).toEqual([true]);
  const again = new LedgerFeed(coordinator, journal, new Set([agent.account]), log);
  expect(ownInboxes(await again.read([], { by: 'rest' }))).toEqual([false, true]);
});

it('does not take an inbox for nobody\u2019s while REST lags the stream that announced it', async () => {
  await clock.pass(REST_LAG_MS);
  const inbox = network.createTopic(agent.account, coordinator.account);
  await write(agent, journal, online(inbox));
  await expect(feed.read([])).rejects.toMatchObject({ code: 'MIRROR_UNREACHABLE' });
  await clock.pass(REST_LAG_MS);
  expect(ownInboxes(await feed.read([]))).toEqual([true]);
});

it('reads the inbox of an agent that comes into sight with what it did there', async () => {
  const inbox = network.createTopic(agent.account, coordinator.account);
  network.set({ restLagMs: 0 });
  await write(agent, journal, online(inbox));
  await write(coordinator, inbox, assign('a'));
  await write(agent, journal, started('a'));
  const records = await feed.read([], { by: 'rest' });
  expect(records.map(({ record }) => record.type)).toEqual(['online', 'assign', 'started']);
});

it('gives a history in consensus order, and decodes a message only when one comes to it', async () => {
  const inbox = network.createTopic(agent.account, coordinator.account);
  network.set({ restLagMs: 0 });
  await write(agent, journal, online(inbox));
  await write(coordinator, inbox, assign('a'));
  await write(agent, journal, started('a'));
  const message = Buffer.from('none of ours');
  await agent.execute(await agent.prepare([{ kind: 'message', topic: journal, message }]));
  await clock.pass(1);
  const again = new LedgerFeed(coordinator, journal, new Set([agent.account]), log);
  again.nameTasks(names);
  const history = await again.history();
  expect(again.ignored.count).toBe(0);
  expect([...history].map(({ record }) => record.type)).toEqual(['online', 'assign', 'started']);
  expect(again.ignored.count).toBe(1);
  expect([...(await again.history())]).toEqual([]);
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

describe('the feed of who follows one who writes to the inboxes', () => {
  const follower = () => ownFeed(0, network.ledger(network.createAccount()));
  const inboxesOf = (asked: readonly string[]) => asked.filter((topic) => topic !== journal);

  it('reads each inbox once, and again where the list names it', async () => {
    network.set({ restLagMs: 0 });
    const topics = Array.from({ length: 20 }, inbox);
    const [first = journal, second = journal] = topics;
    const { own, asked } = follower();
    await own.read(topics, { by: 'rest' });
    expect(inboxesOf(asked).sort()).toEqual([...topics].sort());
    asked.length = 0;
    for (const [task, topic] of [
      ['a', first],
      ['b', second],
      ['c', first],
    ] as const) {
      await write(coordinator, topic, assign(task));
      const records = await own.read(topics, { by: 'rest' });
      expect(records.map(({ topic: of }) => of)).toEqual([topic]);
    }
    await own.read(topics, { by: 'rest' });
    expect(inboxesOf(asked)).toEqual([first, second, first]);
  });

  it('hands on what was written in its order', async () => {
    network.set({ restLagMs: 0 });
    const topic = inbox();
    const { own } = follower();
    await own.read([topic], { by: 'rest' });
    await write(coordinator, topic, assign('a'));
    await write(agent, journal, started('a'));
    await write(coordinator, topic, assign('b'));
    await write(agent, journal, started('b'));
    const records = await own.read([topic], { by: 'rest' });
    expect(records.map(({ record }) => record.type)).toEqual(['assign', 'started', 'assign', 'started']);
  });

  it('reads an inbox until what was listed is there: another server may answer for it, and lag', async () => {
    network.set({ restLagMs: 0 });
    const topic = inbox();
    const { own, asked } = follower();
    await own.read([topic], { by: 'rest' });
    await write(coordinator, topic, assign('a'));
    const { read } = own.ledger;
    own.ledger.read = async function* (of, after) {
      if (of !== topic) yield* read(of, after);
    };
    expect(await own.read([topic], { by: 'rest' })).toEqual([]);
    own.ledger.read = read;
    asked.length = 0;
    const records = await own.read([topic], { by: 'rest' });
    expect(records.map(({ record }) => record.type)).toEqual(['assign']);
    await own.read([topic], { by: 'rest' });
    expect(inboxesOf(asked)).toEqual([topic]);
  });
});

describe('the feed of who writes to the inboxes', () => {
  it('reads each inbox once, and learns from one list when its own messages stand', async () => {
    network.set({ restLagMs: 0 });
    const topics = Array.from({ length: 20 }, inbox);
    const { own, asked, writer } = ownFeed();
    await own.read(topics, { by: 'rest' });
    expect(asked.filter((topic) => topic !== journal).sort()).toEqual([...topics].sort());
    asked.length = 0;
    for (const task of ['a', 'b']) {
      const written = Promise.all(topics.map((topic) => writer.write(topic, 'run', assign(task))));
      await clock.pass(1_000);
      await written;
      const records = await own.read(topics, { by: 'rest' });
      expect(records.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
      expect(new Set(records.map(({ author }) => author))).toEqual(new Set([coordinator.account]));
    }
    expect(asked.filter((topic) => topic !== journal)).toEqual([]);
  });

  /** Inboxes that were announced, and read as far as a coordinator that begins reads them; and which of them it asked for. */
  async function begun(topics: readonly ReturnType<typeof inbox>[]) {
    const { own, asked, writer } = ownFeed();
    const history = [...(await own.history())];
    return { own, asked, writer, history, read: () => asked.filter((topic) => topics.some((one) => one === topic)) };
  }

  it('never reads an inbox to which nothing was written since it was made, and all of one that was written to', async () => {
    network.set({ restLagMs: 0 });
    const before = inbox();
    await write(coordinator, before, assign('c'));
    const topics = Array.from({ length: 20 }, inbox);
    const [first = before, second = before] = topics;
    for (const topic of topics) await write(agent, journal, online(topic));
    await write(coordinator, second, assign('a'));
    await write(coordinator, journal, started('c'));
    const { own, read, writer, history } = await begun([before, ...topics]);
    expect(history.filter(({ record }) => record.type === 'assign').map(({ topic }) => topic)).toEqual([second]);
    expect(read()).toEqual([second]);
    const written = Promise.all([first, second].map((topic) => writer.write(topic, 'run', assign('b'))));
    await clock.pass(1_000);
    await written;
    const records = await own.read([first, second], { by: 'rest' });
    expect(records.map(({ topic, sequence }) => `${topic} ${sequence}`).sort()).toEqual(
      [`${first} 1`, `${second} 2`].sort(),
    );
    // An inbox that was made before all of these and is announced after them may have been written to.
    await write(agent, journal, online(before));
    const later = await own.read([], { by: 'rest' });
    expect(later.map(({ record }) => record.type)).toEqual(['assign', 'online']);
    expect(read()).toEqual([second, before]);
  });

  it('reads all of an inbox on which it is not the first to write, and of one that it wrote to before it was announced', async () => {
    network.set({ restLagMs: 0 });
    const guest = network.ledger(network.createAccount());
    const [open, early] = [network.createTopic(agent.account), inbox()];
    await write(agent, journal, online(open));
    const { own, read, writer } = await begun([open, early]);
    await write(guest, open, assign('a'));
    await write(coordinator, early, assign('c'));
    const written = writer.write(open, 'run', assign('b'));
    await clock.pass(1_000);
    await written;
    expect(read()).toEqual([]);
    const records = await own.read([open], { by: 'rest' });
    expect(records.map(({ sequence }) => sequence)).toEqual([1, 2]);
    await write(agent, journal, online(early));
    const later = await own.read([], { by: 'rest' });
    expect(later.map(({ record }) => record.type)).toEqual(['assign', 'online']);
    expect(read()).toEqual([open, early]);
  });

  it('reads the inboxes, and not the list, where that is long', async () => {
    network.set({ restLagMs: 0 });
    const topics = [inbox(), inbox()];
    for (const topic of topics) await write(agent, journal, online(topic));
    for (let count = 0; count <= 100; count += 1) await write(coordinator, journal, started('c'));
    const { read } = await begun(topics);
    expect(read().sort()).toEqual([...topics].sort());
  });

  it('loses nothing of a list that broke off', async () => {
    network.set({ restLagMs: 0 });
    const topics = [inbox(), inbox()];
    for (const topic of topics) await write(agent, journal, online(topic));
    const { own, writer } = await begun(topics);
    const written = topics.map((topic) => writer.write(topic, 'run', assign('a')));
    await clock.pass(1_000);
    await Promise.all(written);
    const { messagesBy } = own.ledger;
    own.ledger.messagesBy = async function* (author, after) {
      for await (const message of messagesBy(author, after)) {
        yield message;
        throw new Error('the mirror went away');
      }
    };
    await expect(own.read(topics, { by: 'rest' })).rejects.toThrow('went away');
    own.ledger.messagesBy = messagesBy;
    const records = await own.read(topics, { by: 'rest' });
    expect(records.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
  });

  it('waits with assignments for others where messages cost money, and with nothing that is waited for', async () => {
    network.set({ restLagMs: 0 });
    const topic = inbox();
    const { writer } = ownFeed(1_000);
    const messages = async () => {
      const found: number[] = [];
      for await (const { sequenceNumber } of coordinator.read(topic, START)) found.push(sequenceNumber);
      return found.length;
    };
    const written = [writer.write(topic, 'run', assign('a'))];
    await clock.pass(900);
    written.push(writer.write(topic, 'run', assign('b')));
    expect(await messages()).toBe(0);
    await clock.pass(1_000);
    await Promise.all(written);
    expect(await messages()).toBe(1);
    const closed = writer.write(topic, 'run', {
      type: 'run_closed',
      outcome: 'complete',
      state_sha256: '0'.repeat(64),
    });
    await clock.pass(900);
    await closed;
    expect(await messages()).toBe(2);
  });

  it('reads an inbox again on which another process of the account wrote, and no other', async () => {
    network.set({ restLagMs: 0 });
    const [one, two] = [inbox(), inbox()];
    const { own, asked, writer } = ownFeed();
    await own.read([one, two], { by: 'rest' });
    asked.length = 0;
    await write(coordinator, one, assign('a'));
    const written = Promise.all([writer.write(one, 'run', assign('b')), writer.write(two, 'run', assign('c'))]);
    await clock.pass(1_000);
    await written;
    const records = await own.read([one, two], { by: 'rest' });
    expect(records.map(({ topic, sequence }) => `${topic} ${sequence}`).sort()).toEqual(
      [`${one} 1`, `${one} 2`, `${two} 1`].sort(),
    );
    expect(new Set(asked)).toEqual(new Set([journal, one]));
  });

  it('holds back what the stream brings behind what was sent before, until the list shows that, and reads no topic', async () => {
    network.set({ restLagMs: 0 });
    const topic = inbox();
    const { own, asked, writer } = ownFeed();
    await own.read([topic], { by: 'rest' });
    void own.follow(new AbortController().signal, () => undefined);
    asked.length = 0;
    const written = writer.write(topic, 'run', assign('a'));
    await clock.pass(1_000);
    await written;
    await write(agent, journal, started('a'));
    expect(await own.read([])).toEqual([]);
    expect(own.heldBack).toBe(1);
    expect(own.isListBehind).toBe(true);
    const records = await own.read([topic], { by: 'list' });
    expect(records.map(({ record }) => record.type)).toEqual(['assign', 'started']);
    expect(own.heldBack).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('hands on what was heard before something was sent, and the rest once that is known never to come', async () => {
    const { own } = ownFeed();
    void own.follow(new AbortController().signal, () => undefined);
    await write(agent, journal, started('a'));
    const id = coordinator.nextTransactionId();
    own.sending(id, inbox());
    await write(agent, journal, started('b'));
    expect(sequences(await own.read([]))).toEqual([1]);
    own.unsent(id);
    expect(sequences(await own.read([]))).toEqual([2]);
  });

  it('does not take for read over REST what was heard while REST lags behind', async () => {
    network.set({ restLagMs: 0 });
    const topic = inbox();
    const { own, writer } = ownFeed();
    await own.read([topic], { by: 'rest' });
    void own.follow(new AbortController().signal, () => undefined);
    network.set({ restLagMs: REST_LAG_MS });
    await clock.pass(1);
    const written = writer.write(topic, 'run', assign('a'));
    await clock.pass(1_000);
    await written;
    await write(agent, journal, started('a'));
    expect(await own.read([])).toEqual([]);
    expect(own.heldBack).toBe(1);
    expect(await own.read([topic], { by: 'rest' })).toEqual([]);
    await clock.pass(REST_LAG_MS);
    const records = await own.read([topic], { by: 'rest' });
    expect(records.map(({ record }) => record.type)).toEqual(['assign', 'started']);
  });

  it('reads an inbox of which the list shows something of its own before the receipt is here', async () => {
    network.set({ restLagMs: 0 });
    const [one, two] = [inbox(), inbox()];
    const { own } = ownFeed();
    await own.read([one], { by: 'rest' });
    const prepared = await coordinator.prepare([
      { kind: 'message', topic: two, message: packRecords('run', [assign('a')], names)[0] ?? Buffer.alloc(0) },
    ]);
    own.sending(prepared.id, two);
    await coordinator.execute(prepared);
    await write(agent, journal, started('a'));
    const records = await own.read([one], { by: 'rest' });
    expect(records.map(({ record }) => record.type)).toEqual(['assign', 'started']);
  });
});
