import type { TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { beforeEach, describe, expect, it } from 'vitest';
import { assign, FeedStage, REST_LAG_MS, started } from './support/feed-stage.js';

let stage: FeedStage;

beforeEach(() => {
  stage = new FeedStage();
});

describe('the feed of who writes to the inboxes of few agents', () => {
  /**
   * A feed that follows, of which some inboxes were read, and which tells what it asked of REST since.
   * @param pass whether an inbox's subscription brings a message.
   */
  async function following(
    topics: readonly TopicId[],
    pass: (message: TopicMessage) => Promise<boolean> = async () => true,
  ) {
    const { own, asked, writer } = stage.ownFeed(0, stage.coordinator, []);
    await own.read(topics, { by: 'rest' });
    const { follow } = own.ledger;
    own.ledger.follow = async function* (topic, after, signal) {
      for await (const message of follow(topic, after, signal)) {
        if (topic === stage.journal || (await pass(message))) yield message;
      }
    };
    let listed = 0;
    const { messagesBy } = own.ledger;
    own.ledger.messagesBy = (...of) => {
      listed += 1;
      return messagesBy(...of);
    };
    let woken = 0;
    const stop = new AbortController();
    void own.follow(stop.signal, () => {
      woken += 1;
    });
    asked.length = 0;
    const assigned = async (topic: (typeof topics)[number], task: string) => {
      const written = writer.write(topic, 'run', assign(task));
      await stage.clock.pass(1_000);
      await written;
    };
    return { own, assigned, asked: () => asked.length + listed, read: () => asked, woken: () => woken, stop };
  }

  it('hands on what they show and what the journal says, in order, and asks nothing of REST', async () => {
    stage.network.set({ restLagMs: 0 });
    const topics = [stage.inbox(), stage.inbox()] as const;
    const { own, assigned, asked } = await following(topics);
    for (const task of ['a', 'b', 'c']) {
      for (const topic of topics) await assigned(topic, task);
      await stage.write(stage.agent, stage.journal, started(task));
      const records = await own.read([]);
      expect(records.map(({ record, topic }) => [record.type, topic])).toEqual([
        ['assign', topics[0]],
        ['assign', topics[1]],
        ['started', stage.journal],
      ]);
      expect(own.isListBehind).toBe(false);
    }
    expect(asked()).toBe(0);
  });

  it('holds back what the journal brings until an inbox that lags has shown what was sent before, and wakes then', async () => {
    stage.network.set({ restLagMs: 0 });
    const topic = stage.inbox();
    let show = (): void => undefined;
    const lags = new Promise<void>((resolve) => {
      show = resolve;
    });
    const { own, assigned, woken, asked } = await following([topic], () => lags.then(() => true));
    await assigned(topic, 'a');
    await stage.write(stage.agent, stage.journal, started('a'));
    expect(await own.read([])).toEqual([]);
    const before = woken();
    show();
    await stage.clock.pass(1);
    expect(woken()).toBe(before + 1);
    expect((await own.read([])).map(({ record }) => record.type)).toEqual(['assign', 'started']);
    expect(asked()).toBe(0);
  });

  it('does not take for shown by REST what it heard, while REST lags behind with the journal', async () => {
    const topic = stage.inbox();
    stage.network.set({ restLagMs: 0 });
    const { own, assigned } = await following([topic]);
    await assigned(topic, 'a');
    stage.network.set({ restLagMs: REST_LAG_MS });
    await stage.write(stage.agent, stage.journal, started('a'));
    await assigned(topic, 'b');
    // The stream brought all three; REST shows none of the last second.
    const early = await own.read([topic], { by: 'rest' });
    await stage.clock.pass(REST_LAG_MS);
    const late = await own.read([topic], { by: 'rest' });
    const order = [...early, ...late].map(({ record }) => ('task' in record ? `${record.type} ${record.task}` : ''));
    expect(order).toEqual(['assign a', 'started a', 'assign b']);
  });

  it('reads nothing again that it heard when the list shows it as well', async () => {
    stage.network.set({ restLagMs: 0 });
    const topic = stage.inbox();
    const { own, assigned, read } = await following([topic]);
    await assigned(topic, 'a');
    expect((await own.read([topic], { by: 'rest' })).map(({ record }) => record.type)).toEqual(['assign']);
    expect(read()).not.toContain(topic);
  });

  it('reads an inbox of which a message was missed', async () => {
    stage.network.set({ restLagMs: 0 });
    const topic = stage.inbox();
    const { own, assigned, read } = await following([topic], async ({ sequenceNumber }) => sequenceNumber !== 2);
    for (const task of ['a', 'b', 'c']) await assigned(topic, task);
    await stage.write(stage.agent, stage.journal, started('c'));
    expect(own.isListBehind).toBe(true);
    const records = await own.read([topic], { by: 'rest' });
    const told = records.map(({ record }) => ('task' in record ? `${record.type} ${record.task}` : ''));
    expect(told).toEqual(['assign a', 'assign b', 'assign c', 'started c']);
    expect(read()).toContain(topic);
  });

  it('hands on what another process of the account wrote there', async () => {
    stage.network.set({ restLagMs: 0 });
    const topic = stage.inbox();
    const { own, assigned } = await following([topic]);
    await stage.write(stage.coordinator, topic, assign('other'));
    await assigned(topic, 'a');
    await stage.write(stage.coordinator, topic, assign('b'));
    await stage.write(stage.agent, stage.journal, started('a'));
    const told = (await own.read([])).map(({ record }) => ('task' in record ? `${record.type} ${record.task}` : ''));
    expect(told).toEqual(['assign other', 'assign a', 'assign b', 'started a']);
  });

  it('follows no more of them than the mirror has room for, such as when agents have made others', async () => {
    stage.network.set({ restLagMs: 0 });
    const topics = Array.from({ length: 5 }, stage.inbox);
    const { own, assigned } = await following(topics);
    for (const topic of topics.slice(0, 3)) await assigned(topic, 'a');
    await stage.write(stage.agent, stage.journal, started('a'));
    expect(await own.read([])).toHaveLength(4);
    expect(own.isListBehind).toBe(false);
    for (const topic of topics.slice(3)) await assigned(topic, 'b');
    expect(own.isListBehind).toBe(true);
    expect(await own.read(topics, { by: 'rest' })).toHaveLength(2);
  });

  it('asks the list again once an inbox is not followed any more', async () => {
    stage.network.set({ restLagMs: 0 });
    const topic = stage.inbox();
    const { own, assigned, asked, stop } = await following([topic]);
    await assigned(topic, 'a');
    stop.abort();
    await stage.clock.pass(1_000);
    await assigned(topic, 'b');
    expect(own.isListBehind).toBe(true);
    const records = await own.read([topic], { by: 'rest' });
    expect(records.map(({ record }) => 'task' in record && record.task)).toEqual(['a', 'b']);
    expect(asked()).toBeGreaterThan(0);
  });
});
