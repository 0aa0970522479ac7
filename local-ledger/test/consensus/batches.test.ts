import type { RecordItem } from '@gatepost/local-ledger/core/record-item';
import {
  AccountBalanceQuery,
  BatchTransaction,
  Hbar,
  PrivateKey,
  TopicCreateTransaction,
  type TopicId,
  TopicInfoQuery,
  TopicMessageSubmitTransaction,
  type Transaction,
  TransactionReceiptQuery,
  TransactionRecordQuery,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, outcomeOf, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let bob: Party;
let topicId: TopicId;
const items: RecordItem[] = [];

beforeAll(async () => {
  stage = await openStage();
  stage.ledger.records.subscribe((item) => items.push(item));
  bob = await newParty(stage, 10);
  const created = await new TopicCreateTransaction().execute(stage.client);
  const receipt = await created.getReceipt(stage.client);
  topicId = receipt.topicId ?? topicId;
});

afterAll(async () => {
  bob.client.close();
  await stage.close();
});

const batchKey = PrivateKey.generateED25519();

function prepared(transaction: Transaction, client = stage.client): Promise<Transaction> {
  return transaction.batchify(client, batchKey.publicKey);
}

const pay = (hbar: number) =>
  prepared(new TransferTransaction().addHbarTransfer('0.0.2', new Hbar(-hbar)).addHbarTransfer(bob.id, new Hbar(hbar)));
const post = (message: string) => prepared(new TopicMessageSubmitTransaction({ topicId, message }));

const lost = () => prepared(new TopicMessageSubmitTransaction({ topicId: '0.0.999999', message: 'lost' }));

async function batchOf(inner: readonly Transaction[], key: PrivateKey = batchKey): Promise<Transaction> {
  const batch = new BatchTransaction();
  for (const transaction of inner) {
    batch.addInnerTransaction(transaction);
  }
  return batch.freezeWith(stage.client).sign(key);
}

async function balanceOfBob(): Promise<string> {
  return (await new AccountBalanceQuery().setAccountId(bob.id).execute(stage.client)).hbars.toTinybars().toString();
}

async function sequence(): Promise<string> {
  return (await new TopicInfoQuery().setTopicId(topicId).execute(stage.client)).sequenceNumber.toString();
}

describe('AtomicBatch', () => {
  it('runs a payment and a message together, each with a receipt and a record', async () => {
    const inner = [await pay(1), await post('paid')];
    const response = await (await batchOf(inner)).execute(stage.client);
    const batch = await response.getRecord(stage.client);
    expect(batch.receipt.status.toString()).toBe('SUCCESS');
    const message = await new TransactionRecordQuery()
      .setTransactionId(inner[1]?.transactionId ?? '')
      .execute(stage.client);
    expect(message.receipt.topicSequenceNumber?.toString()).toBe('1');
    const parent = items.find(({ parentConsensusTimestamp: at, message: m }) => at !== undefined && m !== undefined);
    expect(parent?.parentConsensusTimestamp).toBe(
      items.find(({ name, status }) => name === 'ATOMICBATCH' && status === 22)?.consensusTimestamp,
    );
    const whole = new TransactionReceiptQuery().setTransactionId(response.transactionId).setIncludeChildren(true);
    expect((await whole.execute(stage.client)).children).toEqual([]);
  });

  it('undoes everything but the fees when one fails', async () => {
    const [money, messages] = [await balanceOfBob(), await sequence()];
    const rich = await newParty(stage, 100);
    const gift = new TransferTransaction().addHbarTransfer(rich.id, new Hbar(-1)).addHbarTransfer(bob.id, new Hbar(1));
    const undone = new TopicMessageSubmitTransaction({ topicId, message: 'undone' });
    const inner = [
      await prepared(gift, rich.client),
      await prepared(undone, rich.client),
      await lost(),
      await post('never run'),
    ];
    const batch = await batchOf(inner);
    expect(await statusOf(batch, stage.client)).toBe('INNER_TRANSACTION_FAILED');
    expect(await balanceOfBob()).toBe(money);
    expect(await sequence()).toBe(messages);
    const ids = inner.map(({ transactionId }) => transactionId);
    expect(await Promise.all(ids.map((id) => outcomeOf(id, stage.client)))).toEqual([
      'REVERTED_SUCCESS',
      'REVERTED_SUCCESS',
      'INVALID_TOPIC_ID',
      'UNKNOWN',
    ]);
    const reverted = items.filter(({ status }) => status === 280);
    expect(reverted.map(({ message }) => message)).toEqual([undefined, undefined]);
    rich.client.close();
    for (const { chargedFee, transfers } of reverted) {
      expect(chargedFee).toBeGreaterThan(0n);
      expect(transfers).toEqual([
        { account: 802, amount: chargedFee, isApproval: false },
        { account: Number(rich.id.num), amount: -chargedFee, isApproval: false },
      ]);
    }
  });

  it('needs every batch key', async () => {
    const batch = await batchOf([await pay(1)], PrivateKey.generateED25519());
    expect(await statusOf(batch, stage.client)).toBe('INVALID_SIGNATURE');
  });

  it('needs what each inner transaction needs', async () => {
    const other = await new TransferTransaction()
      .addHbarTransfer(bob.id, new Hbar(-1))
      .addHbarTransfer('0.0.2', new Hbar(1))
      .batchify(stage.client, batchKey.publicKey);
    expect(await statusOf(await batchOf([other]), stage.client)).toBe('INNER_TRANSACTION_FAILED');
    expect(await outcomeOf(other.transactionId, stage.client)).toBe('INVALID_SIGNATURE');
  });

  it('refuses an inner transaction twice, in one batch and in two', async () => {
    const inner = await pay(1);
    expect(await statusOf(await batchOf([inner, inner]), stage.client)).toBe('BATCH_LIST_CONTAINS_DUPLICATES');
    expect(await statusOf(await batchOf([inner]), stage.client)).toBe('SUCCESS');
    expect(await statusOf(await batchOf([inner]), stage.client)).toBe('DUPLICATE_TRANSACTION');
  });
});
