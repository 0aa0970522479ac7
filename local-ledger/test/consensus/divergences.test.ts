import { readFileSync } from 'node:fs';
import { TokenType } from '@gatepost/local-ledger/gen/services_basic_types';
import { ScheduleCreateTransactionBody } from '@gatepost/local-ledger/gen/services_schedule_create';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { status } from '@grpc/grpc-js';
import {
  AccountBalanceQuery,
  AccountInfoQuery,
  type Client,
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
const feeOf = async (transaction: TransferTransaction | TopicCreateTransaction, client: Client) =>
  (await (await transaction.execute(client)).getRecord(client)).transactionFee.toTinybars().toString();

/** The precheck code of a transaction of a kind that sets little or nothing. */
async function submitted(raw: RawClient, $case: string, value: object = {}): Promise<string> {
  const { data } = TransactionBody.fromPartial({ data: { $case, value } as never });
  return raw.submit(transactionBytes(plainBody({ data })));
}

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
    const bob = await newParty(stage, 10);
    await statusOf(new TopicCreateTransaction(), bob.client);
    bob.client.close();
    const before = await collected();
    await stage.ledger.clock.advance(2n * 86_400n * second);
    expect((await collected()).toString()).toBe(before.toString());
    expect(before.toTinybars().toString()).not.toBe('0');
  },
  C7: async () => {
    const bob = await newParty(stage, 10);
    const fee = async () => feeOf(new TransferTransaction(), bob.client);
    const before = await fee();
    await stage.ledger.clock.advance(year);
    expect(await fee()).toBe(before);
    expect(before).toBe('83333');
    bob.client.close();
  },
  C8: async () => {
    const bob = await newParty(stage, 10);
    const normal = await feeOf(new TopicCreateTransaction(), bob.client);
    expect(await feeOf(new TopicCreateTransaction().setHighVolume(true), bob.client)).toBe(normal);
    expect(normal).not.toBe('0');
    bob.client.close();
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
    const raw = new RawClient(stage.ledger.ports.consensus);
    const value = ScheduleCreateTransactionBody.create();
    expect(await raw.submit(transactionBytes(plainBody({ data: { $case: 'scheduleCreate', value } })))).toBe(
      'INVALID_TRANSACTION',
    );
    expect(await submitted(raw, 'uncheckedSubmit')).toBe('NOT_SUPPORTED');
    raw.close();
  },
  C13: async () => {
    const bob = await newParty(stage, 10);
    const price = Hbar.fromTinybars(100);
    const balance = async () => {
      const query = new AccountInfoQuery().setAccountId(bob.id).setQueryPayment(price);
      return (await query.execute(bob.client)).balance.toTinybars().toNumber();
    };
    const first = await balance();
    expect(first).toBe(1_000_000_000);
    // The payment, and what the transfer that brings it costs
    expect(await balance()).toBe(first - 100 - 83_333);
    bob.client.close();
  },
  C14: async () => {
    const raw = new RawClient(stage.ledger.ports.consensus);
    for (const $case of [
      'tokenAirdrop',
      'tokenReject',
      'fileCreate',
      'contractCreateInstance',
      'nodeCreate',
      'utilPrng',
    ]) {
      expect(await submitted(raw, $case), $case).toBe('NOT_SUPPORTED');
    }
    expect(await submitted(raw, 'tokenCreation', { tokenType: TokenType.NON_FUNGIBLE_UNIQUE })).toBe('NOT_SUPPORTED');
    raw.close();
  },
  C15: async () => {
    const raw = new RawClient(stage.ledger.ports.consensus);
    await expect(raw.call('/proto.CryptoService/nope', new Uint8Array())).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
      details: 'The server does not implement the method /proto.CryptoService/nope',
    });
    await expect(raw.call('/proto.CryptoService/cryptoTransfer', new Uint8Array(5_000_000))).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'Received message larger than max (5000000 vs 4194304)',
    });
    raw.close();
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
