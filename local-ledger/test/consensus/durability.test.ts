import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerClock } from '@gatepost/local-ledger/clock';
import { Network } from '@gatepost/local-ledger/core/network';
import { NodeCrypto } from '@gatepost/local-ledger/node/node-crypto';
import { replayInput } from '@gatepost/local-ledger/node/replay';
import { operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import { openDataDirectory } from '@gatepost/local-ledger/store/data-directory';
import { LOCK_DIRECTORY } from '@gatepost/shared/directory-lock';
import {
  ScheduleCreateTransaction,
  Timestamp,
  TopicCreateTransaction,
  type TopicId,
  TopicInfoQuery,
  TopicMessageSubmitTransaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainBody, RawClient, transactionBytes } from './raw.js';
import { newParty, openStage, outcomeOf, type Stage } from './support.js';

let data: string;
let open: Stage[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'ledger-'));
});

afterEach(async () => {
  await Promise.all(open.map((stage) => stage.close()));
  open = [];
  rmSync(data, { recursive: true });
});

async function start(accounts?: number): Promise<Stage> {
  const stage = await openStage(accounts === undefined ? { data } : { data, accounts });
  open.push(stage);
  return stage;
}

async function stop(stage: Stage): Promise<void> {
  open = open.filter((other) => other !== stage);
  await stage.close();
}

const logFile = () => join(data, 'ledger.log');

async function newTopic(stage: Stage): Promise<TopicId> {
  const created = await new TopicCreateTransaction().execute(stage.client);
  const { topicId } = await created.getReceipt(stage.client);
  if (topicId === null) {
    throw new Error('no topic in the receipt');
  }
  return topicId;
}

async function post(stage: Stage, topicId: TopicId): Promise<void> {
  const response = await new TopicMessageSubmitTransaction({ topicId, message: 'kept' }).execute(stage.client);
  await response.getReceipt(stage.client);
}

const hashOf = async (stage: Stage, topicId: TopicId) => {
  const { runningHash, sequenceNumber } = await new TopicInfoQuery().setTopicId(topicId).execute(stage.client);
  return `${sequenceNumber} ${Buffer.from(runningHash).toString('hex')}`;
};

describe('a data directory', () => {
  it('brings back the same state, running hashes, receipts and duplicates', async () => {
    const first = await start(2);
    const bob = await newParty(first, 10);
    const topicId = await newTopic(first);
    await post(first, topicId);
    const failing = new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.999999', 1);
    const failed = await failing.execute(first.client);
    const raw = new RawClient(first.ledger.ports.consensus);
    const bytes = transactionBytes(plainBody());
    await raw.submit(bytes);
    raw.close();
    const hash = await hashOf(first, topicId);
    const state = first.ledger.stateHash();
    bob.client.close();
    await stop(first);
    const second = await start();
    expect(second.ledger.stateHash()).toBe(state);
    expect(second.ledger.accounts).toHaveLength(2);
    expect(await hashOf(second, topicId)).toBe(hash);
    expect(await outcomeOf(failed.transactionId, second.client)).toBe('INVALID_ACCOUNT_ID');
    const again = new RawClient(second.ledger.ports.consensus);
    expect(await again.submit(bytes)).toBe('DUPLICATE_TRANSACTION');
    again.close();
    await post(second, topicId);
    expect(await hashOf(second, topicId)).toMatch(/^2 /);
  });

  it('does not recall receipts that are long forgotten, and comes to the same state', async () => {
    const first = await start();
    const topicId = await newTopic(first);
    await post(first, topicId);
    const state = first.ledger.stateHash();
    await stop(first);
    const directory = await openDataDirectory(data, () => ({ time: 0n, accounts: 0 }));
    const clock = new LedgerClock(() => Date.now() + 600_000);
    const crypto = new NodeCrypto();
    const { time } = directory.genesis;
    const network = new Network(crypto, { time, operatorKey: wirePublicKey(operatorKey), accountKeys: [] });
    directory.replay((input) => replayInput({ network, clock, crypto }, input));
    expect(network.digest()).toBe(state);
    expect(network.records.all()).toEqual([]);
    await directory.log.close();
  });

  it('keeps the lead of the clock, and the schedules that wait', async () => {
    const first = await start();
    await first.ledger.clock.advance(100_000_000_000_000n);
    const end = first.ledger.clock.now() / 1_000_000_000n + 2n;
    const inner = new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.3', 1);
    const created = await new ScheduleCreateTransaction()
      .setScheduledTransaction(inner)
      .setWaitForExpiry(true)
      .setExpirationTime(new Timestamp(Number(end), 0))
      .execute(first.client);
    const { scheduledTransactionId } = await created.getReceipt(first.client);
    await stop(first);
    const second = await start();
    expect(second.ledger.clock.offset()).toBe(100_000_000_000_000n);
    await second.ledger.clock.advance(5_000_000_000n);
    expect(await outcomeOf(scheduledTransactionId, second.client)).toBe('SUCCESS');
  });

  it('loses a torn tail and nothing before it', async () => {
    const first = await start();
    const topicId = await newTopic(first);
    await post(first, topicId);
    const state = first.ledger.stateHash();
    await stop(first);
    const whole = statSync(logFile()).size;
    appendFileSync(logFile(), Buffer.from('000000ffdeadbeef0102', 'hex'));
    const second = await start();
    expect(second.ledger.stateHash()).toBe(state);
    expect(statSync(logFile()).size).toBe(whole);
    await stop(second);
    truncateSync(logFile(), whole - 3);
    const third = await start();
    expect(third.ledger.stateHash()).not.toBe(state);
    expect(statSync(logFile()).size).toBeLessThan(whole - 3);
  });

  it('is used by one process at a time', async () => {
    await start();
    await expect(openStage({ data })).rejects.toThrow(/in use by process/);
  });

  it('takes over from a process that is gone', async () => {
    await stop(await start());
    writeFileSync(join(data, LOCK_DIRECTORY, '2'), '999999999');
    await start();
    expect(readFileSync(join(data, LOCK_DIRECTORY, '3'), 'utf8')).toMatch(new RegExp(`^${process.pid}\\b`));
  });

  it('does not pretend to have begun with other accounts', async () => {
    await stop(await start(2));
    await expect(openStage({ data, accounts: 3 })).rejects.toThrow(/began with 2 accounts/);
  });
});
