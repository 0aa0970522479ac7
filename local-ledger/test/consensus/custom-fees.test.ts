import {
  AccountAllowanceApproveTransaction,
  AccountCreateTransaction,
  type CustomFee,
  CustomFixedFee,
  CustomFractionalFee,
  CustomRoyaltyFee,
  FeeAssessmentMethod,
  Hbar,
  Long,
  PrivateKey,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  TokenFeeScheduleUpdateTransaction,
  type TokenId,
  TokenInfoQuery,
  TopicCreateTransaction,
  TopicMessageSubmitTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rest } from '../mirror/mirror-client.js';
import { firstTransaction, newParty, openStage, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let treasury: Party;
let alice: Party;
let bob: Party;
let collector: Party;
/** Without fees; everyone holds it. */
let coin: TokenId;

beforeAll(async () => {
  stage = await openStage();
  treasury = await newParty(stage, 10_000);
  alice = await newParty(stage, 1_000, -1);
  bob = await newParty(stage, 1_000, -1);
  collector = await newParty(stage, 1_000);
  coin = await newToken([]);
  const associate = new TokenAssociateTransaction().setAccountId(collector.id).setTokenIds([coin]);
  expect(await statusOf(associate, collector.client)).toBe('SUCCESS');
});

afterAll(async () => {
  for (const { client } of [treasury, alice, bob, collector]) {
    client.close();
  }
  await stage.close();
});

const create = (fees: CustomFee[]) =>
  new TokenCreateTransaction()
    .setTokenName('Fee')
    .setTokenSymbol('FEE')
    .setInitialSupply(10_000)
    .setTreasuryAccountId(treasury.id)
    .setFeeScheduleKey(treasury.key.publicKey)
    .setCustomFees(fees)
    .setMaxTransactionFee(new Hbar(100));

/** A new token of which alice has 1,000. */
async function newToken(fees: CustomFee[]): Promise<TokenId> {
  const signed = await create(fees).freezeWith(treasury.client).sign(collector.key);
  const { tokenId } = await (await signed.execute(treasury.client)).getReceipt(treasury.client);
  if (tokenId === null) {
    throw new Error('no token in the receipt');
  }
  const give = new TransferTransaction()
    .addTokenTransfer(tokenId, treasury.id, -1_000)
    .addTokenTransfer(tokenId, alice.id, 1_000);
  expect(await statusOf(give, treasury.client)).toBe('SUCCESS');
  return tokenId;
}

const fixed = (amount: number) => new CustomFixedFee().setAmount(amount).setFeeCollectorAccountId(collector.id);
const tenth = () => new CustomFractionalFee().setNumerator(1).setDenominator(10).setFeeCollectorAccountId(collector.id);
const pay = (token: TokenId, units: number, to = bob) =>
  new TransferTransaction().addTokenTransfer(token, alice.id, -units).addTokenTransfer(token, to.id, units);
const byAlice = (transaction: Transaction) => statusOf(transaction, alice.client);
const update = (token: TokenId, fees: CustomFee[]) =>
  statusOf(new TokenFeeScheduleUpdateTransaction().setTokenId(token).setCustomFees(fees), treasury.client);

async function recordOf(transaction: Transaction, { client }: Party) {
  const response = await transaction.execute(client);
  return response.getRecordQuery().setValidateReceiptStatus(false).execute(client);
}

async function creation(fees: CustomFee[]): Promise<string> {
  return statusOf(await create(fees).freezeWith(treasury.client).sign(collector.key), treasury.client);
}

describe('a token with custom fees', () => {
  it('shows them in its info and on the mirror', async () => {
    const token = await newToken([
      fixed(7),
      fixed(3).setDenominatingTokenId(coin).setAllCollectorsAreExempt(true),
      fixed(2).setDenominatingTokenToSameToken(),
      tenth().setMin(1).setMax(50).setAssessmentMethod(FeeAssessmentMethod.Exclusive),
    ]);
    const info = await new TokenInfoQuery().setTokenId(token).execute(stage.client);
    const shown = info.customFees.map((fee) =>
      fee instanceof CustomFixedFee ? `${fee.amount} ${fee.denominatingTokenId}` : 'fraction',
    );
    expect(shown).toEqual(['7 null', `3 ${coin}`, `2 ${token}`, 'fraction']);
    const { body } = await rest(stage.ledger.mirror, `/tokens/${token}`);
    const base = { collector_account_id: `${collector.id}`, all_collectors_are_exempt: false };
    expect(body.custom_fees).toEqual({
      created_timestamp: body.created_timestamp,
      fixed_fees: [
        { ...base, amount: 7, denominating_token_id: null },
        { ...base, amount: 3, denominating_token_id: `${coin}`, all_collectors_are_exempt: true },
        { ...base, amount: 2, denominating_token_id: `${token}` },
      ],
      fractional_fees: [
        {
          ...base,
          amount: { numerator: 1, denominator: 10 },
          denominating_token_id: `${token}`,
          maximum: 50,
          minimum: 1,
          net_of_transfers: true,
        },
      ],
    });
  });

  it('takes them from who sends it, seen in the record and on the mirror', async () => {
    const token = await newToken([fixed(500), tenth()]);
    const record = await recordOf(pay(token, 100), alice);
    expect(record.receipt.status.toString()).toBe('SUCCESS');
    expect(record.assessedCustomFees.map(({ amount, tokenId }) => `${amount} ${tokenId}`)).toEqual([
      '500 null',
      `10 ${token}`,
    ]);
    expect(record.assessedCustomFees.map(({ payerAccountIds }) => `${payerAccountIds}`)).toEqual([
      `${alice.id}`,
      `${bob.id}`,
    ]);
    const moved = record.tokenTransfers.get(token);
    expect(`${moved?.get(alice.id)} ${moved?.get(bob.id)} ${moved?.get(collector.id)}`).toBe('-100 90 10');
    const id = record.transactionId
      .toString()
      .replace('@', '-')
      .replace(/\.(\d+)$/, '-$1');
    const { body } = await rest(stage.ledger.mirror, `/transactions/${id}`);
    expect(body.transactions[0].assessed_custom_fees).toEqual([
      {
        amount: 500,
        collector_account_id: `${collector.id}`,
        effective_payer_account_ids: [`${alice.id}`],
        token_id: null,
      },
      {
        amount: 10,
        collector_account_id: `${collector.id}`,
        effective_payer_account_ids: [`${bob.id}`],
        token_id: `${token}`,
      },
    ]);
  });

  it('costs $2 to make, and $0.002 to move', async () => {
    const made = await recordOf(create([fixed(1)]), treasury);
    expect(made.transactionFee.toTinybars().toNumber()).toBe(1_666_666_666);
    const token = await newToken([fixed(1)]);
    await byAlice(pay(token, 1));
    const record = await recordOf(pay(token, 1), alice);
    expect(record.transactionFee.toTinybars().toNumber()).toBe(1_666_666);
    await byAlice(pay(coin, 1));
    const plain = await recordOf(pay(coin, 1), alice);
    expect(plain.transactionFee.toTinybars().toNumber()).toBe(833_333);
  });

  it('is estimated at that price when the state counts', async () => {
    const token = await newToken([fixed(1)]);
    const transaction = await pay(token, 1).freezeWith(alice.client).signWithOperator(alice.client);
    const total = async (mode: string) => {
      const { body } = await rest(stage.ledger.mirror, `/network/fees?mode=${mode}`, {
        method: 'POST',
        headers: { 'content-type': 'application/protobuf' },
        body: firstTransaction(transaction.toBytes()),
      });
      return body.total;
    };
    expect(await total('INTRINSIC')).toBe(10_000_000);
    expect(await total('STATE')).toBe(20_000_000);
  });

  it('is not moved by a sender that cannot pay them', async () => {
    const dear = await newToken([fixed(200_000_000_000)]);
    expect(await byAlice(pay(dear, 1))).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
    const own = await newToken([fixed(5).setDenominatingTokenToSameToken()]);
    expect(await byAlice(pay(own, 996))).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
    expect(await byAlice(pay(own, 1_001))).toBe('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE');
    expect(await byAlice(pay(own, 995))).toBe('SUCCESS');
    const stranger = await newParty(stage, 100);
    const other = await newToken([fixed(5).setDenominatingTokenId(coin)]);
    await statusOf(new TokenAssociateTransaction().setAccountId(stranger.id).setTokenIds([other]), stranger.client);
    expect(await byAlice(pay(other, 10, stranger))).toBe('SUCCESS');
    const back = new TransferTransaction()
      .addTokenTransfer(other, stranger.id, -1)
      .addTokenTransfer(other, alice.id, 1);
    expect(await statusOf(back, stranger.client)).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    stranger.client.close();
  });

  it('is spent by allowance if the allowance covers a fee in the token itself', async () => {
    const token = await newToken([fixed(5).setDenominatingTokenToSameToken(), fixed(1_000)]);
    const grant = new AccountAllowanceApproveTransaction().approveTokenAllowance(token, alice.id, bob.id, 14);
    expect(await byAlice(grant)).toBe('SUCCESS');
    const take = (units: number) =>
      new TransferTransaction()
        .addApprovedTokenTransfer(token, alice.id, -units)
        .addTokenTransfer(token, bob.id, units);
    expect(await statusOf(take(10), bob.client)).toBe('AMOUNT_EXCEEDS_ALLOWANCE');
    const record = await recordOf(take(9), bob);
    expect(record.receipt.status.toString()).toBe('SUCCESS');
    // The fee in hbar is the owner's, whoever pays for the transaction.
    expect(record.assessedCustomFees.map(({ payerAccountIds }) => `${payerAccountIds}`)).toEqual([
      `${alice.id}`,
      `${alice.id}`,
    ]);
  });

  it('costs its fees when a topic is paid with it', async () => {
    const token = await newToken([fixed(700)]);
    const associate = new TokenAssociateTransaction().setAccountId(bob.id).setTokenIds([token]);
    await statusOf(associate, bob.client);
    const topicFee = new CustomFixedFee().setAmount(3).setDenominatingTokenId(token).setFeeCollectorAccountId(bob.id);
    const topic = new TopicCreateTransaction().setCustomFees([topicFee]).setMaxTransactionFee(new Hbar(100));
    const { topicId } = await (await topic.execute(stage.client)).getReceipt(stage.client);
    const message = new TopicMessageSubmitTransaction().setTopicId(topicId ?? '').setMessage('m');
    const record = await recordOf(message, alice);
    expect(record.assessedCustomFees.map(({ amount, tokenId }) => `${amount} ${tokenId}`)).toEqual([
      '700 null',
      `3 ${token}`,
    ]);
  });
});

describe('custom fees of a new token', () => {
  const refused: readonly (readonly [string, () => CustomFee[], string])[] = [
    ['of nothing', () => [fixed(0)], 'CUSTOM_FEE_MUST_BE_POSITIVE'],
    ['of less than nothing', () => [fixed(-1)], 'CUSTOM_FEE_MUST_BE_POSITIVE'],
    ['without a collector', () => [new CustomFixedFee().setAmount(1)], 'INVALID_CUSTOM_FEE_COLLECTOR'],
    [
      'with an unknown collector',
      () => [fixed(1).setFeeCollectorAccountId('0.0.999999')],
      'INVALID_CUSTOM_FEE_COLLECTOR',
    ],
    [
      "for the network's own fees",
      () => [fixed(1).setFeeCollectorAccountId('0.0.802')],
      'INVALID_CUSTOM_FEE_COLLECTOR',
    ],
    ['in an unknown token', () => [fixed(1).setDenominatingTokenId('0.0.999999')], 'INVALID_TOKEN_ID_IN_CUSTOM_FEES'],
    [
      'in a token that the collector does not hold',
      () => [fixed(1).setDenominatingTokenId(coin).setFeeCollectorAccountId('0.0.3')],
      'TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR',
    ],
    ['of a fraction of zero', () => [tenth().setNumerator(0)], 'CUSTOM_FEE_MUST_BE_POSITIVE'],
    ['of a fraction by zero', () => [tenth().setDenominator(0)], 'FRACTION_DIVIDES_BY_ZERO'],
    ['with a minimum below zero', () => [tenth().setMin(-1)], 'CUSTOM_FEE_MUST_BE_POSITIVE'],
    ['with a maximum below zero', () => [tenth().setMax(-1)], 'CUSTOM_FEE_MUST_BE_POSITIVE'],
    [
      'with more minimum than maximum',
      () => [tenth().setMin(3).setMax(2)],
      'FRACTIONAL_FEE_MAX_AMOUNT_LESS_THAN_MIN_AMOUNT',
    ],
    [
      'of NFTs',
      () => [new CustomRoyaltyFee().setNumerator(1).setDenominator(2).setFeeCollectorAccountId(collector.id)],
      'CUSTOM_ROYALTY_FEE_ONLY_ALLOWED_FOR_NON_FUNGIBLE_UNIQUE',
    ],
    ['of more than ten kinds', () => Array.from({ length: 11 }, () => fixed(1)), 'CUSTOM_FEES_LIST_TOO_LONG'],
  ];

  it.each(refused)('%s are refused', async (_what, fees, status) => {
    expect(await creation(fees())).toBe(status);
  });

  it('may be as high as numbers go, and ten in number', async () => {
    const fees = Array.from({ length: 10 }, () => fixed(1).setAmount(Long.MAX_VALUE));
    expect(await creation(fees)).toBe('SUCCESS');
  });

  it('need the signature of a collector that is to hold the token, and of one that signs for what it gets', async () => {
    const unsigned = (fee: CustomFee) => statusOf(create([fee]), treasury.client);
    expect(await unsigned(tenth())).toBe('INVALID_SIGNATURE');
    expect(await unsigned(fixed(1).setDenominatingTokenToSameToken())).toBe('INVALID_SIGNATURE');
    expect(await unsigned(fixed(1))).toBe('SUCCESS');
    const key = PrivateKey.generateED25519();
    const careful = new AccountCreateTransaction().setKeyWithoutAlias(key.publicKey).setReceiverSignatureRequired(true);
    const made = await (await careful.freezeWith(stage.client).sign(key)).execute(stage.client);
    const { accountId } = await made.getReceipt(stage.client);
    expect(await unsigned(fixed(1).setFeeCollectorAccountId(accountId ?? ''))).toBe('INVALID_SIGNATURE');
  });
});

describe('a fee schedule update', () => {
  it('replaces the fees, with the key for them', async () => {
    const token = await newToken([fixed(1)]);
    expect(await update(token, [fixed(9)])).toBe('SUCCESS');
    const record = await recordOf(pay(token, 1), alice);
    expect(record.assessedCustomFees.map(({ amount }) => `${amount}`)).toEqual(['9']);
    const byStranger = new TokenFeeScheduleUpdateTransaction().setTokenId(token).setCustomFees([fixed(1)]);
    expect(await byAlice(byStranger)).toBe('INVALID_SIGNATURE');
    expect(await update(token, [])).toBe('SUCCESS');
    expect(await update(token, [])).toBe('CUSTOM_SCHEDULE_ALREADY_HAS_NO_FEES');
    const { body } = await rest(stage.ledger.mirror, `/tokens/${token}`);
    expect(body.custom_fees.created_timestamp > body.created_timestamp).toBe(true);
    expect(body.custom_fees).toMatchObject({ fixed_fees: [], fractional_fees: [] });
  });

  it('is refused where a fee could not be charged', async () => {
    const token = await newToken([]);
    expect(await update(token, [tenth()])).toBe('TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR');
    expect(await update(token, [fixed(1).setDenominatingTokenToSameToken()])).toBe('INVALID_TOKEN_ID_IN_CUSTOM_FEES');
    expect(
      await update(
        token,
        Array.from({ length: 11 }, () => fixed(1)),
      ),
    ).toBe('CUSTOM_FEES_LIST_TOO_LONG');
    const associate = new TokenAssociateTransaction().setAccountId(collector.id).setTokenIds([token]);
    expect(await statusOf(associate, collector.client)).toBe('SUCCESS');
    expect(await update(token, [tenth(), fixed(1).setDenominatingTokenId(token)])).toBe('SUCCESS');
    const record = await recordOf(
      new TokenFeeScheduleUpdateTransaction().setTokenId(token).setCustomFees([fixed(2)]),
      treasury,
    );
    expect(record.transactionFee.toTinybars().toNumber()).toBe(833_333);
  });

  it('needs a token that has a key for it', async () => {
    const draft = new TokenCreateTransaction().setTokenName('T').setTokenSymbol('T').setTreasuryAccountId(treasury.id);
    const { tokenId } = await (await draft.execute(treasury.client)).getReceipt(treasury.client);
    const fees = [fixed(1)];
    expect(
      await statusOf(
        new TokenFeeScheduleUpdateTransaction().setTokenId(tokenId ?? '').setCustomFees(fees),
        treasury.client,
      ),
    ).toBe('TOKEN_HAS_NO_FEE_SCHEDULE_KEY');
    const missing = new TokenFeeScheduleUpdateTransaction().setTokenId('0.0.999999').setCustomFees(fees);
    expect(await statusOf(missing, treasury.client)).toBe('INVALID_TOKEN_ID');
  });
});
