import {
  AccountCreateTransaction,
  Hbar,
  PrivateKey,
  ScheduleCreateTransaction,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  type TokenId,
  TokenMintTransaction,
  TopicCreateTransaction,
  type TopicId,
  TopicMessageSubmitTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstTransaction, newParty, openStage, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let bob: Party;
let topicId: TopicId;
let tokenId: TokenId;

beforeAll(async () => {
  stage = await openStage();
  bob = await newParty(stage, 10_000);
  const topic = await (await new TopicCreateTransaction().execute(stage.client)).getReceipt(stage.client);
  topicId = topic.topicId ?? topicId;
  const token = await (await newToken().execute(bob.client)).getReceipt(bob.client);
  tokenId = token.tokenId ?? tokenId;
});

afterAll(async () => {
  bob.client.close();
  await stage.close();
});

/** What bob pays for; the other accounts of these transactions are his, or get something. */
const newToken = () =>
  new TokenCreateTransaction()
    .setTokenName('Work')
    .setTokenSymbol('WRK')
    .setInitialSupply(100)
    .setTreasuryAccountId(bob.id)
    .setSupplyKey(bob.key.publicKey);
const key = () => PrivateKey.generateED25519().publicKey;
const submit = (bytes: number) => new TopicMessageSubmitTransaction({ topicId, message: 'x'.repeat(bytes) });

/** One US dollar in tinybar at 12 cents an hbar. */
const DOLLAR = 1e10 / 12;

const priced: readonly (readonly [string, () => Transaction, number])[] = [
  [
    'a transfer of hbar',
    () => new TransferTransaction().addHbarTransfer(bob.id, -1).addHbarTransfer('0.0.3', 1),
    0.0001,
  ],
  [
    'a transfer among three',
    () => new TransferTransaction().addHbarTransfer(bob.id, -2).addHbarTransfer('0.0.3', 1).addHbarTransfer('0.0.4', 1),
    0.0002,
  ],
  ['an account', () => new AccountCreateTransaction().setKeyWithoutAlias(key()), 0.05],
  ['a topic without keys', () => new TopicCreateTransaction(), 0.01],
  [
    'a topic with two keys',
    () => new TopicCreateTransaction().setAdminKey(bob.key.publicKey).setSubmitKey(key()),
    0.03,
  ],
  ['a message of 100 bytes', () => submit(100), 0.00017],
  ['a message of 1024 bytes', () => submit(1_024), 0.00079832],
  ['a token with one key', newToken, 1],
  ['a mint', () => new TokenMintTransaction().setTokenId(tokenId).setAmount(1), 0.001],
  ['a schedule', () => new ScheduleCreateTransaction().setScheduledTransaction(submit(7)), 0.01],
];

describe('fees', () => {
  it.each(priced)('of %s', async (_what, build, dollars) => {
    const record = await (await build().execute(bob.client)).getRecord(bob.client);
    const fee = Number(record.transactionFee.toTinybars());
    expect(Math.abs(fee - dollars * DOLLAR)).toBeLessThan(3);
    const collected = record.transfers.find(({ accountId }) => accountId.toString() === '0.0.802');
    expect(Number(collected?.amount.toTinybars())).toBe(fee);
  });

  it('grow with signatures', async () => {
    const extra = await submit(10).freezeWith(bob.client).sign(PrivateKey.generateED25519());
    const record = await (await extra.execute(bob.client)).getRecord(bob.client);
    expect(Math.abs(Number(record.transactionFee.toTinybars()) - 0.00027 * DOLLAR)).toBeLessThan(3);
  });

  it('of associations count every token', async () => {
    const other = await (await newToken().execute(bob.client)).getReceipt(bob.client);
    const holder = await newParty(stage, 10);
    const both = new TokenAssociateTransaction().setAccountId(holder.id).setTokenIds([tokenId, other.tokenId ?? '']);
    const record = await (await both.execute(holder.client)).getRecord(holder.client);
    expect(record.transactionFee.toTinybars().toString()).toBe('83333333');
    holder.client.close();
  });

  it('are waived for the treasury, whatever it offers', async () => {
    const free = submit(10).setMaxTransactionFee(new Hbar(0));
    const record = await (await free.execute(stage.client)).getRecord(stage.client);
    expect(record.transactionFee.toTinybars().toString()).toBe('0');
    expect(record.transfers).toEqual([]);
  });

  it('are what the mirror estimates', async () => {
    const transaction = await submit(1_000).freezeWith(bob.client).signWithOperator(bob.client);
    const { fees, mirrorRest } = stage.ledger.ports;
    const answer = await fetch(`http://127.0.0.1:${fees ?? mirrorRest}/api/v1/network/fees?mode=INTRINSIC`, {
      method: 'POST',
      headers: { 'content-type': 'application/protobuf' },
      body: firstTransaction(transaction.toBytes()),
    });
    const { total } = (await answer.json()) as { total: number };
    const record = await (await transaction.execute(bob.client)).getRecord(bob.client);
    expect(Math.abs(total / 12 - Number(record.transactionFee.toTinybars()))).toBeLessThan(3);
  });

  it('are kept when the transaction fails', async () => {
    const nobody = new TransferTransaction().addHbarTransfer(bob.id, -1).addHbarTransfer('0.0.999999', 1);
    const response = await nobody.execute(bob.client);
    const record = await response.getRecordQuery().setValidateReceiptStatus(false).execute(bob.client);
    expect(record.receipt.status.toString()).toBe('INVALID_ACCOUNT_ID');
    expect(record.transactionFee.toTinybars().toString()).toBe('83333');
  });

  it('never exceed what the payer offered', async () => {
    const cheap = newToken().setMaxTransactionFee(new Hbar(2));
    const response = await cheap.execute(bob.client);
    const record = await response.getRecordQuery().setValidateReceiptStatus(false).execute(bob.client);
    expect(record.receipt.status.toString()).toBe('INSUFFICIENT_TX_FEE');
    expect(record.transactionFee.toTinybars().toString()).toBe('83333');
  });

  it('need a payer that has them', async () => {
    const poor = await newParty(stage, 0.01);
    expect(await statusOf(new TopicCreateTransaction(), poor.client)).toBe('INSUFFICIENT_PAYER_BALANCE');
    poor.client.close();
  });
});
