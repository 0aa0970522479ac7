import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prepareBatch } from '@gatepost/shared/hedera/batch';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { MirrorRest, MOST_AT_ONCE } from '@gatepost/shared/hedera/mirror-rest';
import { isOfOwnSchedule } from '@gatepost/shared/hedera/own-schedule';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { deleteSchedule, scheduleMessage } from '@gatepost/shared/hedera/schedules';
import { associateToken, createToken, tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { topicCreation, topicsMadeBy } from '@gatepost/shared/hedera/topic-creation';
import { followTopic } from '@gatepost/shared/hedera/topic-feed';
import { createTopic, messageTransaction, prepareMessage } from '@gatepost/shared/hedera/topics';
import { execute, prepare, rejectionStatus, send } from '@gatepost/shared/hedera/transaction';
import { START } from '@gatepost/shared/ledger/topic-message';
import { createLogger } from '@gatepost/shared/log';
import {
  type AccountId,
  type TokenId,
  type TopicId,
  type TransactionId,
  topicId,
} from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { formatNanos, NANOS_PER_SECOND, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import {
  ScheduleCreateTransaction,
  ScheduleSignTransaction,
  AccountId as SdkAccountId,
  Timestamp,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type LedgerFixture, openLedger } from './ledger-fixture.js';

let fixture: LedgerFixture;
let owner: Connection;
let topic: TopicId;

const silent = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
const text = (content: string) => Buffer.from(content);

async function messages(of: TopicId): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of owner.mirror.messagesAfter(of, 0)) found.push(message.toString());
  return found;
}

beforeAll(async () => {
  fixture = await openLedger();
  owner = await fixture.newAccount();
});

afterAll(() => fixture.close());

beforeEach(async () => {
  fixture.ledger.faults.clear();
  topic = await createTopic(owner, { memo: 'a topic' });
});

it('is known of topics with one request for a hundred who made them, when that is guessed', async () => {
  const other = await fixture.newAccount();
  const another = await createTopic(other, { memo: 'of somebody else' });
  const none = Array.from({ length: MOST_AT_ONCE }, (_, number) => topicId(`0.0.${900_000 + number}`));
  const { requests } = owner.mirror;
  const asking = async (makers: readonly (readonly [TopicId, AccountId])[]) => {
    const { answered: before } = requests;
    const made = await topicsMadeBy(owner.mirror, new Map(makers));
    return { made: [...made], asked: requests.answered - before };
  };
  const right = await asking([
    [topic, owner.account],
    ...none.map((one) => [one, owner.account] as const),
    [another, other.account],
  ]);
  expect(right.made).toEqual([
    [topic, await topicCreation(owner.mirror, topic)],
    [another, await topicCreation(owner.mirror, another)],
  ]);
  expect(right.asked).toBe(2);
  const wrong = await asking([[topic, other.account]]);
  expect(wrong.made).toEqual([]);
  expect(await topicCreation(owner.mirror, topic)).toMatchObject({ by: owner.account });
});

it('looks no further back for who made a topic than ten pages', async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.end(
      JSON.stringify({ transactions: [], links: { next: `/api/v1/transactions?timestamp=lt:${100 - asked}` } }),
    );
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const mirror = new MirrorRest({ mirrorRest: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  expect((await topicsMadeBy(mirror, new Map([[topic, owner.account]]))).size).toBe(0);
  expect(asked).toBe(10);
});

describe('a prepared transaction happens once', () => {
  it('however often it is executed', async () => {
    const prepared = await prepareMessage(owner, topic, text('once'));
    const first = requireDone(await execute(owner, prepared));
    const again = requireDone(await execute(owner, prepared));
    // The mirror, which tells whose bytes they were, does not tell the sequence number.
    expect(again).toEqual({ ...first, topicSequenceNumber: undefined });
    expect(first.topicSequenceNumber).toBe(1);
    expect(await messages(topic)).toEqual(['once']);
  });

  it('when two processes execute the same bytes at the same time', async () => {
    const prepared = await prepareMessage(owner, topic, text('together'));
    await Promise.all([execute(owner, prepared), execute(owner, prepared), execute(owner, prepared)]);
    expect(await messages(topic)).toEqual(['together']);
  });

  it.each([
    ['the answer is lost after acceptance', 'lost-response'],
    ['the node is busy', 'busy'],
    ['the platform is not active', 'platform-not-active'],
    ['the receipt is not final for a while', 'unknown-receipt'],
  ] as const)('when %s', async (_what, kind) => {
    fixture.ledger.faults.add({ kind, count: 3, method: undefined });
    const outcome = await execute(owner, await prepareMessage(owner, topic, text(kind)));
    expect(outcome.kind).toBe('done');
    expect(await messages(topic)).toEqual([kind]);
  });

  it('when the node is busy for a while, of which the mirror is not asked', async () => {
    fixture.ledger.faults.add({ kind: 'busy', count: 3, method: undefined });
    // The SDK's own attempts are over with the first answer.
    const impatient = connect(owner.network, owner.account, owner.key, owner.nowMs);
    impatient.client.setMaxAttempts(1);
    const outcome = await execute(impatient, await prepareMessage(impatient, topic, text('patience')));
    expect(outcome.kind).toBe('done');
    expect(impatient.mirror.requests).toEqual({ answered: 0, failed: 0 });
    expect(await messages(topic)).toEqual(['patience']);
    impatient.close();
  });

  it('when it was prepared while no node could be reached', async () => {
    const away = connect({ ...owner.network, node: '127.0.0.1:1' }, owner.account, owner.key, owner.nowMs);
    // The first failure counts, and for longer than the test takes.
    away.client.setMaxAttempts(1).setNodeMaxBackoff(60_000).setNodeMinBackoff(60_000);
    away.client.setNodeMaxReadmitPeriod(60_000).setNodeMinReadmitPeriod(60_000);
    const once = new AbortController();
    const lost = await execute(away, await prepareMessage(away, topic, text('lost')), {
      signal: once.signal,
      onWait: () => once.abort(),
    });
    expect(lost.kind).toBe('unknown');
    const prepared = await prepareMessage(away, topic, text('prepared meanwhile'));
    away.close();
    const first = requireDone(await execute(owner, prepared));
    expect(first.id).toBe(prepared.id);
    expect(requireDone(await execute(owner, prepared)).id).toBe(prepared.id);
    expect(await messages(topic)).toEqual(['prepared meanwhile']);
  });

  it('as a subscription to its topic shows, though no receipt says so', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const follow = async () => {
      for await (const { message } of followTopic(owner, topic, START, stop.signal, silent)) seen.push(`${message}`);
    };
    const following = follow();
    fixture.ledger.faults.add({ kind: 'unknown-receipt', count: 1_000, method: undefined });
    for (const [index, content] of ['shown', 'shown', 'shown too'].entries()) {
      const prepared = await prepareMessage(owner, topic, text(content));
      const receipt = requireDone(await execute(owner, prepared));
      expect(receipt).toMatchObject({ id: prepared.id, topicSequenceNumber: index + 1 });
    }
    expect(seen).toEqual(['shown', 'shown', 'shown too']);
    stop.abort();
    await following;
    // Nothing would show another.
    expect(owner.shown.expect(owner.nextTransactionId(), topic, text('not shown'))).toBeUndefined();
  });

  it('when its receipt is gone, by what the mirror knows', async () => {
    const prepared = await prepare(owner, messageTransaction(topic, text('long ago')), { validSeconds: 15 });
    await execute(owner, prepared);
    await fixture.ledger.clock.advance(600n * NANOS_PER_SECOND);
    const later = requireDone(await execute(owner, prepared));
    expect(later.id).toBe(prepared.id);
    expect(await messages(topic)).toEqual(['long ago']);
  });
});

describe('an expired transaction', () => {
  it('is never given a new id: it did not happen, and that is what is said', async () => {
    const account = await fixture.newAccount();
    const start = formatNanos(nanosFromMs(account.nowMs() - 3_600_000));
    const id = `${account.account}@${start}` as TransactionId;
    const prepared = await prepare(account, messageTransaction(topic, text('too late')), { id, validSeconds: 15 });
    expect(prepared.id).toBe(id);
    expect(await execute(account, prepared)).toMatchObject({ kind: 'never', why: 'TRANSACTION_EXPIRED' });
    expect(await messages(topic)).toEqual([]);
    const paid: string[] = [];
    for await (const entry of account.mirror.transactionsOf(account.account, 0n)) {
      if (entry.transaction_id.startsWith(`${account.account}-`)) paid.push(entry.name);
    }
    expect(paid).toEqual([]);
  });
});

describe('one account in two processes', () => {
  it('makes ids that differ below the millisecond, though both clocks stand at the same one', async () => {
    const one = await fixture.newAccount();
    const nowMs = one.nowMs();
    const processes = [1, 2].map(() => connect(one.network, one.account, one.key, () => nowMs));
    const ids = processes.flatMap((process) => [process.nextTransactionId(), process.nextTransactionId()]);
    expect(new Set(ids).size).toBe(ids.length);
    const milliseconds = ids.map((id) => id.replace(/\d{6}$/, ''));
    expect(new Set(milliseconds).size).toBeLessThanOrEqual(2);
    for (const process of processes) process.close();
  });

  it('does not take the other\u2019s transaction for its own, even if the ids were the same', async () => {
    const id = owner.nextTransactionId();
    const theirs = await prepare(owner, messageTransaction(topic, text('theirs')), { id });
    const ours = await prepare(owner, messageTransaction(topic, text('ours')), { id });
    expect(await execute(owner, theirs)).toMatchObject({ kind: 'done' });
    expect(await execute(owner, ours)).toMatchObject({ kind: 'never', id });
    expect(await messages(topic)).toEqual(['theirs']);
  });
});

describe('a transaction whose window closed while the node was away', () => {
  it('is known not to have happened on a network where nothing else happens', async () => {
    const account = await fixture.newAccount();
    // Of another process: nobody here can say whether it was submitted.
    const prepared = { ...(await prepare(account, messageTransaction(topic, text('late')), { validSeconds: 15 })) };
    const { id } = prepared;
    await fixture.ledger.clock.advance(20n * NANOS_PER_SECOND);
    const stood = await account.mirror.now();
    expect(stood).toBeLessThan(prepared.validUntil);
    const outcome = await execute({ ...account, nowMs: () => account.nowMs() + 20_000 }, prepared);
    expect(await account.mirror.now()).toBeGreaterThan(prepared.validUntil);
    expect(outcome).toMatchObject({ kind: 'never', id });
    expect(await messages(topic)).toEqual([]);
  });
});

describe('a rejection', () => {
  it('names the status, whether from precheck or receipt', async () => {
    const stranger = await fixture.newAccount();
    const closed = await createTopic(owner, { memo: 'closed', submitKey: owner.key.publicKey });
    const refused = await send(stranger, messageTransaction(closed, text('forged'))).catch((error: unknown) => error);
    expect(rejectionStatus(refused)).toBe('INVALID_SIGNATURE');
    const missing = await send(owner, messageTransaction('0.0.999999' as TopicId, text('x'))).catch(
      (error: unknown) => error,
    );
    expect(rejectionStatus(missing)).toBe('INVALID_TOPIC_ID');
    expect(await messages(closed)).toEqual([]);
  });
});

describe('an atomic batch', () => {
  let token: TokenId;

  beforeAll(async () => {
    token = await createToken(fixture.operator, { name: 'Pay', symbol: 'PAY', decimals: 0, initialSupply: 1_000n });
  });

  it('pays and records together', async () => {
    const agent = await fixture.newAccount();
    expect(await associateToken(agent, token)).toBe(true);
    expect(await associateToken(agent, token)).toBe(false);
    const transfer = tokenTransfer(fixture.operator, token, [{ to: agent.account, amount: 7n }]);
    const batch = await prepareBatch(fixture.operator, [transfer, messageTransaction(topic, text('settled'))]);
    await execute(fixture.operator, batch);
    await execute(fixture.operator, batch);
    expect(await agent.mirror.tokenBalance(agent.account, token)).toBe(7n);
    expect(await messages(topic)).toEqual(['settled']);
    const [inner] = await owner.mirror.transaction(batch.innerIds[0] ?? batch.id);
    expect(inner?.parent_consensus_timestamp).not.toBeNull();
  });

  it('records nothing when it cannot pay', async () => {
    const outsider = await fixture.newAccount();
    const transfer = tokenTransfer(fixture.operator, token, [{ to: outsider.account, amount: 7n }]);
    const batch = await prepareBatch(fixture.operator, [messageTransaction(topic, text('settled')), transfer]);
    expect(await execute(fixture.operator, batch)).toMatchObject({
      kind: 'refused',
      status: 'INNER_TRANSACTION_FAILED',
    });
    expect(await messages(topic)).toEqual([]);
  });
});

describe('a scheduled message', () => {
  const inSeconds = (seconds: number) => fixture.ledger.clock.now() + BigInt(seconds) * NANOS_PER_SECOND;

  it('is posted by the network at its time, paid by who scheduled it', async () => {
    const agent = await fixture.newAccount();
    await scheduleMessage(agent, { topic, message: text('lapsed'), expiresAt: inSeconds(60), memo: 'lease 1' });
    expect(await messages(topic)).toEqual([]);
    await fixture.ledger.clock.advance(120n * NANOS_PER_SECOND);
    expect(await messages(topic)).toEqual(['lapsed']);
    for await (const posted of owner.mirror.messagesAfter(topic, 0))
      expect(posted.payer_account_id).toBe(agent.account);
  });

  it('is known by its author\u2019s own schedule; one that was submitted, or that another scheduled, is not', async () => {
    const [agent, stranger] = [await fixture.newAccount(), await fixture.newAccount()];
    await scheduleMessage(agent, { topic, message: text('own'), expiresAt: inSeconds(60), memo: 'lease' });
    const foreign = new ScheduleCreateTransaction()
      .setScheduledTransaction(messageTransaction(topic, text('foreign')))
      .setPayerAccountId(SdkAccountId.fromString(agent.account))
      .setExpirationTime(new Timestamp(Number(inSeconds(90) / NANOS_PER_SECOND), 0))
      .setWaitForExpiry(true);
    const { scheduleId } = await send(stranger, foreign);
    await send(agent, new ScheduleSignTransaction().setScheduleId(scheduleId ?? ''));
    await send(agent, messageTransaction(topic, text('submitted')));
    await fixture.ledger.clock.advance(180n * NANOS_PER_SECOND);
    const found: Record<string, boolean> = {};
    for await (const posted of owner.mirror.messagesAfter(topic, 0)) {
      expect(posted.payer_account_id).toBe(agent.account);
      const own = await isOfOwnSchedule(owner.mirror, agent.account, posted.consensus_timestamp);
      found[posted.message.toString()] = own;
    }
    expect(found).toEqual({ own: true, foreign: false, submitted: false });
  });

  it('is not posted when it was deleted before', async () => {
    const agent = await fixture.newAccount();
    const id = await scheduleMessage(agent, {
      topic,
      message: text('lapsed'),
      expiresAt: inSeconds(60),
      memo: 'lease 2',
    });
    expect(await deleteSchedule(agent, id)).toBe(true);
    expect(await deleteSchedule(agent, id)).toBe(false);
    await fixture.ledger.clock.advance(120n * NANOS_PER_SECOND);
    expect(await messages(topic)).toEqual([]);
  });
});

describe('a network that is not there', () => {
  it('is said to be within seconds', async () => {
    await assertReachable(owner);
    const gone = { ...owner, network: { ...owner.network, node: '127.0.0.1:1' } };
    await expect(assertReachable(gone)).rejects.toMatchObject({ code: 'LEDGER_UNREACHABLE' });
  });
});
