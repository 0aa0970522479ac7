import { readFileSync } from 'node:fs';
import {
  AccountBalanceQuery,
  AccountId,
  AccountInfoQuery,
  FileContentsQuery,
  Hbar,
  PrivateKey,
  ScheduleCreateTransaction,
  Timestamp,
  TopicCreateTransaction,
  TransactionReceiptQuery,
  TransactionRecordQuery,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainBody, RawClient, transactionBytes } from './raw.js';
import { newParty, openStage, outcomeOf, type Stage, statusOf } from './support.js';

const second = 1_000_000_000n;
const year = 31_536_000n * second;
let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(async () => {
  await stage.close();
});

const pay = (to = '0.0.3') => new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer(to, 1);
const feeOf = async (transaction: TransferTransaction | TopicCreateTransaction) =>
  (await (await transaction.execute(stage.client)).getRecord(stage.client)).transactionFee.toTinybars().toString();

async function waiting(inner: TransferTransaction) {
  const end = Number(stage.ledger.clock.now() / second) + 3_600;
  const response = await new ScheduleCreateTransaction()
    .setScheduledTransaction(inner)
    .setWaitForExpiry(true)
    .setExpirationTime(new Timestamp(end, 0))
    .execute(stage.client);
  return (await response.getReceipt(stage.client)).scheduledTransactionId;
}

/** One test for each row of the README's table. */
const rows: Readonly<Record<string, () => Promise<void>>> = {
  C1: async () => {
    const id = await waiting(pay());
    await stage.ledger.clock.advance(3_600n * second);
    expect(await outcomeOf(id, stage.client)).toBe('SUCCESS');
  },
  C2: async () => {
    const statuses = await Promise.all(
      Array.from({ length: 50 }, () => statusOf(new TopicCreateTransaction(), stage.client)),
    );
    expect(new Set(statuses)).toEqual(new Set(['SUCCESS']));
  },
  C3: async () => {
    const balance = await new AccountBalanceQuery().setAccountId('0.0.2').execute(stage.client);
    expect(balance.hbars.toBigNumber().isPositive()).toBe(true);
  },
  C4: async () => {
    const slow = await openStage({ profile: 'testnet' });
    const response = await pay().execute(slow.client);
    const query = new TransactionReceiptQuery().setTransactionId(response.transactionId).setMaxAttempts(1);
    expect((await query.execute(slow.client)).status.toString()).toBe('SUCCESS');
    await slow.close();
  },
  C5: async () => {
    const raw = new RawClient(stage.ledger.ports.consensus);
    const before = transactionBytes(plainBody());
    expect(await raw.submit(before)).toBe('OK');
    await stage.ledger.clock.advance(year);
    expect(await raw.submit(before)).toBe('TRANSACTION_EXPIRED');
    expect(await raw.submit(transactionBytes(plainBody()))).toBe('OK');
    raw.close();
  },
  C6: async () => {
    const collected = async () => (await new AccountBalanceQuery().setAccountId('0.0.802').execute(stage.client)).hbars;
    await statusOf(new TopicCreateTransaction(), stage.client);
    const before = await collected();
    await stage.ledger.clock.advance(2n * 86_400n * second);
    expect((await collected()).toString()).toBe(before.toString());
    expect(before.toTinybars().toString()).not.toBe('0');
  },
  C7: async () => {
    const before = await feeOf(pay());
    await stage.ledger.clock.advance(year);
    expect(await feeOf(pay())).toBe(before);
  },
  C8: async () => {
    const normal = await feeOf(new TopicCreateTransaction());
    expect(await feeOf(new TopicCreateTransaction().setHighVolume(true))).toBe(normal);
  },
  C9: async () => {
    const poor = await newParty(stage, 0);
    await stage.ledger.clock.advance(2n * year);
    const info = await new AccountInfoQuery().setAccountId(poor.id).execute(stage.client);
    expect(info.isDeleted).toBe(false);
    poor.client.close();
  },
  C10: async () => {
    const alias = PrivateKey.generateECDSA().publicKey.toAccountId(0, 0);
    const response = await new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-1))
      .addHbarTransfer(alias, new Hbar(1))
      .execute(stage.client);
    const query = new TransactionRecordQuery().setTransactionId(response.transactionId).setIncludeChildren(true);
    const record = await query.execute(stage.client);
    expect(record.children.map(({ consensusTimestamp }) => consensusTimestamp.toString())).toEqual([
      record.consensusTimestamp.plusNanos(1).toString(),
    ]);
  },
  C11: async () => {
    const read = (file: string) => new FileContentsQuery().setFileId(file).execute(stage.client);
    expect((await read('0.0.112')).length).toBeGreaterThan(0);
    await expect(read('0.0.113')).rejects.toThrow('INVALID_FILE_ID');
  },
  C12: async () => {
    const bob = await newParty(stage, 10);
    const debit = new TransferTransaction().addHbarTransfer(bob.id, -1).addHbarTransfer('0.0.2', 1);
    const unsigned = await waiting(debit);
    const unpaid = await new ScheduleCreateTransaction()
      .setScheduledTransaction(debit.setTransactionMemo('at the cost of bob'))
      .setPayerAccountId(AccountId.fromString(bob.id.toString()))
      .setWaitForExpiry(true)
      .setExpirationTime(new Timestamp(Number(stage.ledger.clock.now() / second) + 60, 0))
      .execute(stage.client);
    const { scheduledTransactionId } = await unpaid.getReceipt(stage.client);
    await stage.ledger.clock.advance(61n * second);
    expect(await outcomeOf(scheduledTransactionId, stage.client)).toBe('INVALID_PAYER_SIGNATURE');
    await stage.ledger.clock.advance(3_600n * second);
    expect(await outcomeOf(unsigned, stage.client)).toBe('INVALID_SIGNATURE');
    bob.client.close();
  },
  C13: async () => {
    const asked = () => new AccountInfoQuery().setAccountId('0.0.2').execute(stage.client);
    const before = (await asked()).balance.toTinybars();
    expect((await asked()).balance.toTinybars().lessThan(before)).toBe(true);
  },
};

describe('where the consensus side differs from the network', () => {
  it.each(Object.entries(rows))('%s', async (_id, check) => {
    await check();
  });

  it('has a test for each row of the README', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const listed = [...readme.matchAll(/^\| (C\d+) \|/gm)].map(([, id]) => id);
    expect(listed).toEqual(Object.keys(rows));
  });
});
