import {
  AccountBalanceQuery,
  AccountId,
  Hbar,
  KeyList,
  PrivateKey,
  ScheduleCreateTransaction,
  ScheduleDeleteTransaction,
  ScheduleId,
  ScheduleInfoQuery,
  ScheduleSignTransaction,
  Timestamp,
  TokenAssociateTransaction,
  TopicCreateTransaction,
  TopicMessageSubmitTransaction,
  type TransactionId,
  TransactionReceiptQuery,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newParty, openStage, outcomeOf, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let bob: Party;

beforeEach(async () => {
  stage = await openStage();
  bob = await newParty(stage, 10);
});

afterEach(async () => {
  bob.client.close();
  await stage.close();
});

const second = 1_000_000_000n;
const hour = 3_600;

function inSeconds(seconds: number): Timestamp {
  return new Timestamp(Math.floor(Number(stage.ledger.clock.now() / second)) + seconds, 0);
}

function payByBob(hbar = 2, memo = ''): TransferTransaction {
  return new TransferTransaction()
    .addHbarTransfer(bob.id, new Hbar(-hbar))
    .addHbarTransfer('0.0.2', new Hbar(hbar))
    .setTransactionMemo(memo);
}

function schedule(inner: TransferTransaction | TopicMessageSubmitTransaction): ScheduleCreateTransaction {
  return new ScheduleCreateTransaction().setScheduledTransaction(inner);
}

async function create(transaction: ScheduleCreateTransaction): Promise<{ id: ScheduleId; runs: TransactionId }> {
  const response = await transaction.execute(stage.client);
  const { scheduleId, scheduledTransactionId } = await response.getReceipt(stage.client);
  if (scheduleId === null || scheduledTransactionId === null) {
    throw new Error('no schedule in the receipt');
  }
  return { id: scheduleId, runs: scheduledTransactionId };
}

async function sign(id: ScheduleId, key: PrivateKey): Promise<string> {
  const transaction = await new ScheduleSignTransaction().setScheduleId(id).freezeWith(stage.client).sign(key);
  return statusOf(transaction, stage.client);
}

async function hbarOfBob(): Promise<number> {
  const balance = await new AccountBalanceQuery().setAccountId(bob.id).execute(stage.client);
  return Number(balance.hbars.toTinybars()) / 100_000_000;
}

const info = (id: ScheduleId) => new ScheduleInfoQuery().setScheduleId(id).execute(stage.client);

describe('ScheduleCreate', () => {
  it('runs at once when everything is signed, at its own timestamp', async () => {
    const transaction = await schedule(payByBob()).freezeWith(stage.client).sign(bob.key);
    const response = await transaction.execute(stage.client);
    const outer = await response.getRecord(stage.client);
    const runs = outer.receipt.scheduledTransactionId;
    const inner = await new TransactionReceiptQuery().setTransactionId(runs ?? '').execute(stage.client);
    expect(inner.status.toString()).toBe('SUCCESS');
    expect(await hbarOfBob()).toBe(8);
  });

  it('names the existing schedule when the content is the same, whoever pays', async () => {
    const { id, runs } = await create(schedule(payByBob()));
    const again = await schedule(payByBob()).setPayerAccountId(bob.id).execute(bob.client);
    const receipt = await again.getReceiptQuery().setValidateStatus(false).execute(stage.client);
    expect(receipt.status.toString()).toBe('IDENTICAL_SCHEDULE_ALREADY_CREATED');
    expect(receipt.scheduleId?.toString()).toBe(id.toString());
    expect(receipt.scheduledTransactionId?.toString()).toBe(runs.toString());
    expect(await statusOf(schedule(payByBob(2, 'another')), stage.client)).toBe('SUCCESS');
    expect(await statusOf(schedule(payByBob()).setScheduleMemo('another'), stage.client)).toBe('SUCCESS');
  });

  it('refuses what no schedule may carry', async () => {
    const inner = new TokenAssociateTransaction().setAccountId(bob.id).setTokenIds([]);
    const transaction = new ScheduleCreateTransaction().setScheduledTransaction(inner);
    expect(await statusOf(transaction, stage.client)).toBe('SCHEDULED_TRANSACTION_NOT_IN_WHITELIST');
  });

  it('bounds the expiry', async () => {
    const at = (seconds: number) => schedule(payByBob()).setExpirationTime(inSeconds(seconds));
    expect(await statusOf(at(-5), stage.client)).toBe('SCHEDULE_EXPIRATION_TIME_MUST_BE_HIGHER_THAN_CONSENSUS_TIME');
    expect(await statusOf(at(62 * 24 * hour + 60), stage.client)).toBe('SCHEDULE_EXPIRATION_TIME_TOO_FAR_IN_FUTURE');
    expect(await statusOf(at(62 * 24 * hour - 60), stage.client)).toBe('SUCCESS');
    const waiting = schedule(payByBob()).setWaitForExpiry(true);
    expect(await statusOf(waiting, stage.client)).toBe('MISSING_EXPIRY_TIME');
  });

  it('lives for half an hour when no expiry is named', async () => {
    const { id } = await create(schedule(payByBob()));
    const expiry = Number((await info(id)).expirationTime?.seconds);
    expect(expiry - Number(stage.ledger.clock.now() / second)).toBeGreaterThan(1_790);
    await stage.ledger.clock.advance(1_801n * second);
    await expect(info(id)).rejects.toThrow('INVALID_SCHEDULE_ID');
    expect(await hbarOfBob()).toBe(10);
  });

  it('refuses a payer that does not exist', async () => {
    const transaction = schedule(payByBob()).setPayerAccountId(AccountId.fromString('0.0.999999'));
    expect(await statusOf(transaction, stage.client)).toBe('ACCOUNT_ID_DOES_NOT_EXIST');
  });

  it('refuses an inner operation on what does not exist', async () => {
    const inner = new TopicMessageSubmitTransaction({ topicId: '0.0.999999', message: 'x' });
    expect(await statusOf(schedule(inner), stage.client)).toBe('UNRESOLVABLE_REQUIRED_SIGNERS');
  });
});

describe('ScheduleSign', () => {
  it('keeps what counts and refuses what adds nothing', async () => {
    const { id } = await create(schedule(payByBob()));
    expect(await sign(id, PrivateKey.generateED25519())).toBe('NO_NEW_VALID_SIGNATURES');
    expect(await sign(id, bob.key)).toBe('SUCCESS');
    expect(await sign(id, bob.key)).toBe('SCHEDULE_ALREADY_EXECUTED');
    expect(await sign(ScheduleId.fromString('0.0.999999'), bob.key)).toBe('INVALID_SCHEDULE_ID');
    const { executed, signers } = await info(id);
    expect(executed).not.toBeNull();
    expect(signers?.toArray()).toHaveLength(2);
  });

  it('collects a threshold key one by one', async () => {
    const keys = [PrivateKey.generateED25519(), PrivateKey.generateECDSA(), PrivateKey.generateED25519()];
    const threshold = new KeyList(
      keys.map((key) => key.publicKey),
      2,
    );
    const created = await new TopicCreateTransaction().setSubmitKey(threshold).execute(stage.client);
    const topicId = (await created.getReceipt(stage.client)).topicId ?? '';
    const { id, runs } = await create(schedule(new TopicMessageSubmitTransaction({ topicId, message: 'together' })));
    expect(await sign(id, keys[1] ?? bob.key)).toBe('SUCCESS');
    expect(await outcomeOf(runs, stage.client)).toBe('RECEIPT_NOT_FOUND');
    expect(await sign(id, keys[2] ?? bob.key)).toBe('SUCCESS');
    expect(await outcomeOf(runs, stage.client)).toBe('SUCCESS');
  });

  it('lets the inner operation fail for good', async () => {
    const { id, runs } = await create(schedule(payByBob(50)));
    expect(await sign(id, bob.key)).toBe('SUCCESS');
    expect(await outcomeOf(runs, stage.client)).toBe('INSUFFICIENT_ACCOUNT_BALANCE');
    expect(await sign(id, bob.key)).toBe('SCHEDULE_ALREADY_EXECUTED');
  });

  it('charges the inner payer the service fee only', async () => {
    const created = await new TopicCreateTransaction().execute(stage.client);
    const topicId = (await created.getReceipt(stage.client)).topicId ?? '';
    const inner = new TopicMessageSubmitTransaction({ topicId, message: 'paid by bob' });
    const { id } = await create(schedule(inner).setPayerAccountId(bob.id));
    const before = await hbarOfBob();
    expect(await sign(id, bob.key)).toBe('SUCCESS');
    expect(before - (await hbarOfBob())).toBeCloseTo(0.00058333, 7);
  });
});

describe('ScheduleDelete', () => {
  it('needs the admin key, and only a schedule that is still open', async () => {
    const immutable = await create(schedule(payByBob()));
    const remove = (id: ScheduleId) => new ScheduleDeleteTransaction().setScheduleId(id);
    expect(await statusOf(remove(immutable.id), stage.client)).toBe('SCHEDULE_IS_IMMUTABLE');
    const owned = await create(schedule(payByBob(3)).setAdminKey(stage.operatorKey.publicKey));
    expect(await statusOf(remove(owned.id), bob.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(remove(owned.id), stage.client)).toBe('SUCCESS');
    expect(await statusOf(remove(owned.id), stage.client)).toBe('SCHEDULE_ALREADY_DELETED');
    expect(await sign(owned.id, bob.key)).toBe('SCHEDULE_ALREADY_DELETED');
    expect((await info(owned.id)).deleted).not.toBeNull();
  });
});

describe('waiting for the expiry', () => {
  const waiting = (inner: TransferTransaction, seconds: number) =>
    schedule(inner).setWaitForExpiry(true).setExpirationTime(inSeconds(seconds));

  it('runs at the expiry and not before, without any other transaction', async () => {
    const { id, runs } = await create(waiting(payByBob(), hour));
    expect(await sign(id, bob.key)).toBe('SUCCESS');
    expect(await sign(id, bob.key)).toBe('NO_NEW_VALID_SIGNATURES');
    expect(await hbarOfBob()).toBe(10);
    await stage.ledger.clock.advance(BigInt(hour) * second);
    expect(await outcomeOf(runs, stage.client)).toBe('SUCCESS');
    expect(await hbarOfBob()).toBe(8);
    await expect(info(id)).rejects.toThrow('INVALID_SCHEDULE_ID');
  });

  it('leaves a refused record when signatures are missing', async () => {
    const { runs } = await create(waiting(payByBob(), hour));
    await stage.ledger.clock.advance(BigInt(hour) * second);
    expect(await outcomeOf(runs, stage.client)).toBe('INVALID_SIGNATURE');
    expect(await hbarOfBob()).toBe(10);
  });

  it('runs a day of schedules at once, each at its own time', async () => {
    const seen: bigint[] = [];
    const ends: number[] = [];
    stage.ledger.records.subscribe((item) => {
      if (item.schedule !== undefined) {
        seen.push(item.consensusTimestamp);
      }
    });
    for (let index = 1; index <= 24; index++) {
      const transaction = waiting(payByBob(0.01, `${index}`), index * hour - 10);
      ends.push(Number(transaction.expirationTime?.seconds));
      await (await transaction.freezeWith(stage.client).sign(bob.key)).execute(stage.client);
    }
    const started = performance.now();
    await stage.ledger.clock.advance(24n * BigInt(hour) * second);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(seen.map((timestamp) => Number(timestamp / second))).toEqual(ends);
  });
});
