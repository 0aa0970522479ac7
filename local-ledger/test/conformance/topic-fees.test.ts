import {
  AccountInfoQuery,
  CustomFeeLimit,
  CustomFixedFee,
  Long,
  PrivateKey,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  TopicCreateTransaction,
  type TopicId,
  TopicInfoQuery,
  TopicMessageSubmitTransaction,
  TopicUpdateTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Party, type Stage, statusOf } from '../consensus/support.js';
import { rest } from '../mirror/mirror-client.js';

let stage: Stage;
let collector: Party;
let payer: Party;
let token: string;

beforeAll(async () => {
  stage = await openStage();
  collector = await newParty(stage, 10);
  payer = await newParty(stage, 100, -1);
  const created = await new TokenCreateTransaction()
    .setTokenName('Fee')
    .setTokenSymbol('F')
    .setTreasuryAccountId('0.0.2')
    .setInitialSupply(100)
    .execute(stage.client);
  token = `${(await created.getReceipt(stage.client)).tokenId}`;
});

afterAll(async () => {
  collector.client.close();
  payer.client.close();
  await stage.close();
});

const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const fee = (amount: number | Long) => new CustomFixedFee().setAmount(amount).setFeeCollectorAccountId(collector.id);
const infoOf = (party: Party) => new AccountInfoQuery().setAccountId(party.id).execute(stage.client);
const create = (...fees: CustomFixedFee[]) => {
  const key = stage.operatorKey.publicKey;
  return new TopicCreateTransaction()
    .setAdminKey(key)
    .setFeeScheduleKey(key)
    .setCustomFees(fees)
    .setMaxTransactionFee(50);
};
const submit = (topic: TopicId) => new TopicMessageSubmitTransaction().setTopicId(topic).setMessage('paid');
const submitted = (transaction: TopicMessageSubmitTransaction) => statusOf(transaction, payer.client);
const limit = (...fees: CustomFixedFee[]) => new CustomFeeLimit().setAccountId(payer.id).setFees(fees);

async function topicWith(...fees: CustomFixedFee[]): Promise<TopicId> {
  const { topicId } = await (await create(...fees).execute(stage.client)).getReceipt(stage.client);
  if (topicId === null) {
    throw new Error('no topic in the receipt');
  }
  return topicId;
}

describe('a topic with custom fees (HIP-991)', () => {
  it('shows them in its info and on the mirror', async () => {
    const id = await topicWith(fee(7));
    const info = await new TopicInfoQuery().setTopicId(id).execute(stage.client);
    expect(info.customFees?.map(({ amount }) => `${amount}`)).toEqual(['7']);
    expect((await rest(stage.ledger.mirror, `/topics/${id}`)).body.custom_fees.fixed_fees).toEqual([
      { amount: 7, collector_account_id: `${collector.id}`, denominating_token_id: null },
    ]);
  });

  it('takes hbar from the submitter to the collector, seen in the record', async () => {
    const id = await topicWith(fee(1_000));
    const before = (await infoOf(collector)).balance.toTinybars();
    const record = await (await submit(id).execute(payer.client)).getRecord(payer.client);
    expect(record.assessedCustomFees.map(({ amount }) => `${amount}`)).toEqual(['1000']);
    expect((await infoOf(collector)).balance.toTinybars().subtract(before).toNumber()).toBe(1_000);
    const path = record.transactionId
      .toString()
      .replace('@', '-')
      .replace(/\.(\d+)$/, '-$1');
    const { body } = await rest(stage.ledger.mirror, `/transactions/${path}`);
    expect(body.transactions[0].assessed_custom_fees).toEqual([
      {
        amount: 1_000,
        collector_account_id: `${collector.id}`,
        effective_payer_account_ids: [`${payer.id}`],
        token_id: null,
      },
    ]);
    // $0.05 at 12 cents, apart from the custom fee
    expect(record.transactionFee.toTinybars().toNumber()).toBe(41_666_666);
  });

  it('takes tokens', async () => {
    const associate = new TokenAssociateTransaction().setAccountId(collector.id).setTokenIds([token]);
    expect(await run(create(fee(3).setDenominatingTokenId(token)))).toBe('TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR');
    await statusOf(associate, collector.client);
    const id = await topicWith(fee(3).setDenominatingTokenId(token));
    expect(await submitted(submit(id))).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    await run(new TransferTransaction().addTokenTransfer(token, '0.0.2', -4).addTokenTransfer(token, payer.id, 4));
    expect(await submitted(submit(id))).toBe('SUCCESS');
    expect(await submitted(submit(id))).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
    expect((await infoOf(collector)).tokenRelationships.get(token)?.balance.toNumber()).toBe(3);
  });

  it('keeps to the limits that the submitter sets', async () => {
    const id = await topicWith(fee(500));
    expect(await submitted(submit(id).setCustomFeeLimits([limit(fee(499))]))).toBe('MAX_CUSTOM_FEE_LIMIT_EXCEEDED');
    const other = limit(fee(500).setDenominatingTokenId(token));
    expect(await submitted(submit(id).setCustomFeeLimits([other]))).toBe('NO_VALID_MAX_CUSTOM_FEE');
    expect(await submitted(submit(id).setCustomFeeLimits([limit(fee(500))]))).toBe('SUCCESS');
    expect(await submitted(submit(id).setCustomFeeLimits([limit(fee(500), fee(600))]))).toBe(
      'DUPLICATE_DENOMINATION_IN_MAX_CUSTOM_FEE_LIST',
    );
  });

  it('takes nothing of its collectors and of exempt keys', async () => {
    const exempt = PrivateKey.generateED25519();
    const created = await create(fee(500)).setFeeExemptKeys([exempt.publicKey]).execute(stage.client);
    const { topicId } = await created.getReceipt(stage.client);
    const message = new TopicMessageSubmitTransaction().setTopicId(`${topicId}`).setMessage('free');
    const signed = await message.freezeWith(payer.client).sign(exempt);
    const record = await (await signed.execute(payer.client)).getRecord(payer.client);
    expect(record.assessedCustomFees).toEqual([]);
    const own = new TopicMessageSubmitTransaction().setTopicId(`${topicId}`).setMessage('own');
    const ownRecord = await (await own.execute(collector.client)).getRecord(collector.client);
    expect(ownRecord.assessedCustomFees).toEqual([]);
  });

  it('refuses fees that nobody could pay or receive', async () => {
    expect(await run(create(fee(0)))).toBe('CUSTOM_FEE_MUST_BE_POSITIVE');
    expect(await run(create(fee(-1)))).toBe('CUSTOM_FEE_MUST_BE_POSITIVE');
    expect(await run(create(fee(1).setFeeCollectorAccountId('123.456.789')))).toBe('INVALID_CUSTOM_FEE_COLLECTOR');
    expect(await run(create(fee(1).setDenominatingTokenId('123.456.789')))).toBe('INVALID_TOKEN_ID_IN_CUSTOM_FEES');
    expect(await run(create(...Array.from({ length: 11 }, () => fee(1))))).toBe('CUSTOM_FEES_LIST_TOO_LONG');
    expect(await run(create(fee(Long.MAX_VALUE)))).toBe('SUCCESS');
  });

  it('is changed with its fee schedule key only', async () => {
    const { topicId } = await (
      await new TopicCreateTransaction().setAdminKey(stage.operatorKey.publicKey).execute(stage.client)
    ).getReceipt(stage.client);
    const update = (id: string) => new TopicUpdateTransaction().setTopicId(id).setCustomFees([fee(9)]);
    expect(await run(update(`${topicId}`))).toBe('FEE_SCHEDULE_KEY_NOT_SET');
    const id = await topicWith(fee(1));
    expect(await run(update(`${id}`))).toBe('SUCCESS');
    const info = await new TopicInfoQuery().setTopicId(id).execute(stage.client);
    expect(info.customFees?.map(({ amount }) => `${amount}`)).toEqual(['9']);
    expect(await run(new TopicUpdateTransaction().setTopicId(id).clearCustomFees())).toBe('SUCCESS');
  });
});
