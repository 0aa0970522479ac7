import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Conditions } from '@gatepost/shared/ledger/memory/conditions';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { START } from '@gatepost/shared/ledger/topic-message';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from './seeded-random.js';

const START_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let network: MemoryNetwork;
let owner: Ledger;
let topic: TopicId;

function open(conditions: Partial<Conditions> = {}, seed = 1): void {
  clock = new VirtualClock(START_MS);
  network = new MemoryNetwork({ clock, random: seededRandom(seed), conditions });
  owner = network.ledger(network.createAccount());
  topic = network.createTopic(owner.account);
}

beforeEach(() => open());

/** What a promise comes to; the clock goes on for as long as that takes. */
async function passing<T>(promise: Promise<T>): Promise<T> {
  let isOver = false;
  const watched = promise.finally(() => {
    isOver = true;
  });
  expect(await clock.runUntil(() => isOver, clock.nowMs() + HOUR_MS)).toBe(true);
  return watched;
}

const write = async (content: string, by = owner, to = topic): Promise<Outcome> =>
  by.execute(await by.prepare([{ kind: 'message', topic: to, message: Buffer.from(content) }], { validSeconds: 30 }));

async function read(of = topic): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of owner.read(of, START)) found.push(message.toString());
  return found;
}

describe('a transaction in memory', () => {
  it.each([
    ['the node is busy', { busy: 0.7 }, 'done'],
    ['requests are lost', { lostRequests: 0.7 }, 'done'],
    ['answers are lost', { lostAnswers: 0.7 }, 'done'],
    ['every submission arrives twice', { doubled: 1 }, 'done'],
    ['no receipt can be had', { lostReceipts: 1 }, 'done'],
    ['the node takes it and loses it', { dropped: 1 }, 'never'],
    ['consensus throttles it', { throttled: 1 }, 'never'],
    ['it comes to consensus too late', { consensusMs: [40_000, 40_000] }, 'never'],
    ['nobody answers', { nodeAway: true }, 'never'],
    ['nobody waits long enough', { nodeAway: true, givenUp: 1 }, 'unknown'],
  ] as const)('is known to be done or never to be when %s', async (_what, conditions, kind) => {
    open(conditions, 3);
    // Somebody else's transactions move the network's time on.
    const outcome = passing(write('once'));
    if (kind !== 'done') {
      clock.at(START_MS + 50_000, () => {
        network.set({ nodeAway: false, dropped: 0, consensusMs: [0, 0] });
        void write('time', network.ledger(network.createAccount()));
      });
    }
    expect((await outcome).kind).toBe(kind);
    const found = await passing(read());
    expect(found.filter((content) => content === 'once')).toEqual(kind === 'done' ? ['once'] : []);
  });

  it('is called expired only when the network says so at once: then a clock is wrong', async () => {
    open({ busy: 1 });
    const late = passing(write('late'));
    clock.at(START_MS + 60_000, () => network.set({ busy: 0 }));
    expect(await late).toMatchObject({ kind: 'never', why: 'the network did not take it within its window' });
    const behind = { nowMs: () => clock.nowMs() - HOUR_MS, at: clock.at.bind(clock), soon: clock.soon.bind(clock) };
    const wrong = await passing(write('wrong', network.ledger(owner.account, { clock: behind })));
    expect(wrong).toMatchObject({ kind: 'never', why: 'TRANSACTION_EXPIRED' });
  });

  it('is unknown while the mirror is away and the window is over, and known with the same bytes later', async () => {
    open({ lostReceipts: 1, mirrorAway: true });
    const prepared = await owner.prepare([{ kind: 'message', topic, message: Buffer.from('once') }]);
    expect(await passing(owner.execute(prepared))).toMatchObject({ kind: 'unknown', id: prepared.id });
    network.set({ mirrorAway: false });
    expect(await passing(owner.execute(prepared))).toMatchObject({ kind: 'done' });
    expect(await passing(read())).toEqual(['once']);
  });

  it('goes on without the process that sent it, which hears nothing any more', async () => {
    open({ answerMs: [50, 50], consensusMs: [100, 100] });
    const kill = new AbortController();
    const mortal = network.ledger(owner.account, { killed: kill.signal });
    let heard = false;
    const following = (async () => {
      for await (const _ of mortal.follow(topic, START, new AbortController().signal)) heard = true;
    })();
    const sent = write('last words', mortal).finally(() => {
      heard = true;
    });
    clock.at(START_MS + 20, () => kill.abort());
    await clock.pass(60_000);
    expect(await passing(read())).toEqual(['last words']);
    expect(heard).toBe(false);
    expect(await Promise.race([sent, following, 'silence'])).toBe('silence');
  });

  it('that is refused may be so by the freeze of an account', async () => {
    const payee = network.createAccount();
    const token = network.createToken(owner.account, 10n);
    network.associate(payee, token);
    const pay = async () =>
      owner.execute(await owner.prepare([{ kind: 'transfer', token, payees: [{ to: payee, amount: 3n }] }]));
    network.freeze(payee, token);
    expect(await pay()).toMatchObject({ kind: 'refused', status: 'ACCOUNT_FROZEN_FOR_TOKEN' });
    network.freeze(payee, token, false);
    expect(await pay()).toMatchObject({ kind: 'done' });
    expect([network.balance(payee, token), network.balance(owner.account, token)]).toEqual([3n, 7n]);
  });

  it('has a consensus time of its own, later than all before', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => write(String(index))));
    const times = network.history.all.map(({ at }) => at);
    expect(times).toHaveLength(50);
    for (const [index, at] of times.entries()) expect(at).toBeGreaterThan(times[index - 1] ?? 0n);
  });
});

describe('the mirror in memory', () => {
  it('shows over REST and in streams what is old enough for each', async () => {
    open({ restLagMs: 5_000, streamLagMs: 1_000 });
    const streamed: number[] = [];
    const stop = new AbortController();
    void (async () => {
      for await (const _ of owner.follow(topic, START, stop.signal)) streamed.push(clock.nowMs() - START_MS);
    })();
    expect(await passing(write('one'))).toMatchObject({ kind: 'done' });
    await clock.pass(4_900);
    expect(streamed).toEqual([1_000]);
    expect(await read()).toEqual([]);
    await clock.pass(200);
    expect(await read()).toEqual(['one']);
    stop.abort();
  });

  it('brings nothing by the stream of one topic that stalls, while others and REST work', async () => {
    const other = network.createTopic(owner.account);
    const streamed: string[] = [];
    const stop = new AbortController();
    for (const each of [topic, other]) {
      void (async () => {
        for await (const { message } of owner.follow(each, START, stop.signal)) streamed.push(message.toString());
      })();
    }
    network.mirror.stall(topic, true);
    await passing(write('one'));
    await passing(write('two', owner, other));
    await clock.pass(1_000);
    expect(streamed).toEqual(['two']);
    expect(await read()).toEqual(['one']);
    network.mirror.stall(topic, false);
    await clock.pass(1);
    expect(streamed).toEqual(['two', 'one']);
    stop.abort();
  });

  it('says that it is away', async () => {
    network.set({ mirrorAway: true });
    await expect(read()).rejects.toMatchObject({ code: 'MIRROR_UNREACHABLE' });
    await expect(owner.mirrorTime()).rejects.toMatchObject({ code: 'MIRROR_UNREACHABLE' });
  });
});

describe('chance', () => {
  const TROUBLE: Partial<Conditions> = {
    answerMs: [1, 300],
    consensusMs: [1, 2_000],
    busy: 0.2,
    lostAnswers: 0.2,
    doubled: 0.2,
    dropped: 0.1,
  };

  async function historyOf(seed: number): Promise<string> {
    open(TROUBLE, seed);
    await passing(Promise.all(Array.from({ length: 30 }, (_, index) => write(String(index)))));
    return network.history.all.map(({ id, at, result }) => `${id} ${at} ${result}`).join('\n');
  }

  it('decides everything by the numbers it is given', async () => {
    const first = await historyOf(7);
    expect(await historyOf(7)).toBe(first);
    expect(await historyOf(8)).not.toBe(first);
  });
});

it('keeps no more than it was asked to', async () => {
  clock = new VirtualClock(START_MS);
  network = new MemoryNetwork({ clock, random: seededRandom(1), kept: 10 });
  owner = network.ledger(network.createAccount());
  topic = network.createTopic(owner.account);
  for (let index = 1; index <= 100; index += 1) await write(String(index));
  expect(network.history.all.length).toBeLessThanOrEqual(20);
  const found = await read();
  expect(found.length).toBeLessThanOrEqual(20);
  expect(found.at(-1)).toBe('100');
});
