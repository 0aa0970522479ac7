import { accountId, transactionId } from '@gatepost/local-ledger/core/ids';
import { Status } from '@gatepost/local-ledger/core/status';
import { Query } from '@gatepost/local-ledger/gen/services_query';
import { ResponseType } from '@gatepost/local-ledger/gen/services_query_header';
import { Response } from '@gatepost/local-ledger/gen/services_response';
import {
  FileContentsQuery,
  Hbar,
  NetworkVersionInfoQuery,
  TopicCreateTransaction,
  TopicInfoQuery,
  TransactionId,
  TransactionReceiptQuery,
  TransactionRecordQuery,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshStart, plainBody, RawClient, transactionBytes } from './raw.js';
import { newParty, openStage, outcomeOf, type Stage, statusOf } from './support.js';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});

afterEach(async () => {
  await stage.close();
});

const second = 1_000_000_000n;
const pay = () => new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.3', 1);

describe('receipts', () => {
  it('are not found for an id that was never seen', async () => {
    expect(await outcomeOf(TransactionId.generate('0.0.2'), stage.client)).toBe('RECEIPT_NOT_FOUND');
  });

  it('are gone 180 s after the valid start, and the id is then expired, not fresh', async () => {
    const bytes = transactionBytes(plainBody());
    const raw = new RawClient(stage.ledger.ports.consensus);
    expect(await raw.submit(bytes)).toBe('OK');
    expect(await raw.submit(bytes)).toBe('DUPLICATE_TRANSACTION');
    const response = await pay().execute(stage.client);
    expect(await outcomeOf(response.transactionId, stage.client)).toBe('SUCCESS');
    await stage.ledger.clock.advance(181n * second);
    expect(await outcomeOf(response.transactionId, stage.client)).toBe('RECEIPT_NOT_FOUND');
    expect(await raw.submit(bytes)).toBe('TRANSACTION_EXPIRED');
    expect(await statusOf(pay(), stage.client), 'a fresh id of the SDK still works').toBe('SUCCESS');
    raw.close();
  });

  it('answer UNKNOWN on demand, and the SDK asks again', async () => {
    stage.ledger.faults.add({ kind: 'unknown-receipt', count: 2, method: undefined });
    expect(await statusOf(pay(), stage.client)).toBe('SUCCESS');
    expect(stage.ledger.faults.pending()).toEqual([]);
  });

  it('come with records that carry hash, fee and memo', async () => {
    const response = await pay().setTransactionMemo('for a coffee').execute(stage.client);
    const record = await response.getRecord(stage.client);
    expect(record.transactionMemo).toBe('for a coffee');
    expect(record.transactionHash).toHaveLength(48);
    expect(Buffer.from(record.transactionHash)).toEqual(Buffer.from(response.transactionHash));
    expect(record.receipt.exchangeRate?.cents).toBe(12);
  });
});

describe('paid queries', () => {
  it('cost seven tinybar, and the payment reaches the node', async () => {
    const created = await new TopicCreateTransaction().execute(stage.client);
    const { topicId } = await created.getReceipt(stage.client);
    const query = new TopicInfoQuery().setTopicId(topicId ?? '');
    const quoted = await query.getCost(stage.client);
    expect(quoted.toTinybars().toString(), 'the SDK adds a tenth').toBe('8');
    await query.execute(stage.client);
    expect(await statusOf(pay(), stage.client)).toBe('SUCCESS');
  });

  it('refuse too small a payment, and none', async () => {
    const bob = await newParty(stage, 1);
    const query = new TransactionRecordQuery()
      .setTransactionId(TransactionId.generate('0.0.2'))
      .setQueryPayment(Hbar.fromTinybars(1));
    await expect(query.execute(bob.client)).rejects.toThrow('INSUFFICIENT_TX_FEE');
    bob.client.close();
    const unpaid = await ask({ nodeTransaction: false });
    expect(unpaid).toBe('INVALID_QUERY_HEADER');
  });

  async function ask({ nodeTransaction }: { nodeTransaction: boolean }): Promise<string> {
    const raw = new RawClient(stage.ledger.ports.consensus);
    const header = { payment: undefined, responseType: ResponseType.ANSWER_ONLY };
    const value = { header: nodeTransaction ? undefined : header, accountID: accountId(2) };
    const bytes = Query.encode({ query: { $case: 'cryptoGetInfo', value } }).finish();
    const { response } = Response.decode(await raw.call('/proto.CryptoService/getAccountInfo', bytes));
    raw.close();
    return Status[response?.value.header?.nodeTransactionPrecheckCode ?? -1] ?? 'none';
  }

  it('refuse state proofs and what is not supported', async () => {
    const raw = new RawClient(stage.ledger.ports.consensus);
    const id = transactionId({ payer: 2, validStart: freshStart(), scheduled: false, nonce: 0 });
    const header = { payment: undefined, responseType: ResponseType.ANSWER_STATE_PROOF };
    const value = { header, transactionID: id, includeDuplicates: false, includeChildReceipts: false };
    const proof = Query.encode({ query: { $case: 'transactionGetReceipt', value } }).finish();
    const { response } = Response.decode(await raw.call('/proto.CryptoService/getTransactionReceipts', proof));
    expect(response?.value.header?.nodeTransactionPrecheckCode).toBe(Status.NOT_SUPPORTED);
    await expect(raw.call('/proto.CryptoService/getAccountInfo', Buffer.from('ff', 'hex'))).rejects.toThrow(
      /INVALID_ARGUMENT/,
    );
    raw.close();
  });

  it('tell version and exchange rates', async () => {
    const version = await new NetworkVersionInfoQuery().execute(stage.client);
    expect(version.servicesVersion.minor.toString()).toBe('76');
    const rates = await new FileContentsQuery().setFileId('0.0.112').execute(stage.client);
    expect(rates.length).toBeGreaterThan(10);
  });
});

describe('faults', () => {
  it('answer BUSY and PLATFORM_NOT_ACTIVE as often as told', async () => {
    stage.ledger.faults.add({ kind: 'busy', count: 1, method: 'cryptoTransfer' });
    stage.ledger.faults.add({ kind: 'platform-not-active', count: 1, method: 'cryptoTransfer' });
    const raw = new RawClient(stage.ledger.ports.consensus);
    expect(await raw.submit(transactionBytes(plainBody()))).toBe('PLATFORM_NOT_ACTIVE');
    expect(await raw.submit(transactionBytes(plainBody()))).toBe('BUSY');
    expect(await raw.submit(transactionBytes(plainBody()))).toBe('OK');
    raw.close();
  });

  it('lose the answer to a transaction that is handled all the same', async () => {
    stage.ledger.faults.add({ kind: 'lost-response', count: 1, method: undefined });
    const raw = new RawClient(stage.ledger.ports.consensus);
    const body = plainBody();
    await expect(raw.submit(transactionBytes(body))).rejects.toThrow(/UNAVAILABLE/);
    expect(await raw.submit(transactionBytes(body))).toBe('DUPLICATE_TRANSACTION');
    raw.close();
  });

  it('refuse a count that is none', () => {
    expect(() => stage.ledger.faults.add({ kind: 'busy', count: 0, method: undefined })).toThrow(RangeError);
  });
});

describe('the testnet profile', () => {
  it('takes its time, during which the receipt call is held', async () => {
    const slow = await openStage({ profile: 'testnet' });
    const response = await pay().execute(slow.client);
    const started = performance.now();
    const receipt = await new TransactionReceiptQuery().setTransactionId(response.transactionId).execute(slow.client);
    expect(receipt.status.toString()).toBe('SUCCESS');
    expect(performance.now() - started).toBeGreaterThan(1_500);
    await slow.close();
  });
});

describe('the clock', () => {
  it('never goes back', async () => {
    await expect(stage.ledger.clock.advance(-1n)).rejects.toThrow(RangeError);
    await stage.ledger.clock.setOffset(60n * second);
    await stage.ledger.clock.setOffset(30n * second);
    expect(stage.ledger.clock.offset()).toBe(30n * second);
    await statusOf(pay(), stage.client);
    await expect(stage.ledger.clock.setOffset(0n)).rejects.toThrow(RangeError);
  });
});
