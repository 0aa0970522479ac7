import { accountId, tokenId, topicId } from '@gatepost/local-ledger/core/ids';
import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { CryptoApproveAllowanceTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_approve_allowance';
import { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import { TokenCreateTransactionBody } from '@gatepost/local-ledger/gen/services_token_create';
import { TokenFeeScheduleUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_token_fee_schedule_update';
import type { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import fc from 'fast-check';

export type Data = TransactionBody['data'];

/** Accounts there are or may come to be, all under one key, and one that never is. */
const accounts = [2, 3, 1002, 1003, 1004, 1005, 1006, 999_999];
/** Numbers that tokens, topics or accounts may have got. */
const entities = [1005, 1006, 1007, 1008, 1009];

const account = fc.constantFrom(...accounts);
/** Few, so that allowances meet those who spend them. */
const party = fc.constantFrom(1002, 1003);
/** Mostly the tokens of the groundwork. */
const entity = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(1005, 1006) },
  { weight: 1, arbitrary: fc.constantFrom(...entities) },
);
const few = fc.bigInt(0n, 100n);
const amount = fc.oneof(few, fc.bigInt(0n, 10n ** 18n));
const units = fc.oneof({ weight: 4, arbitrary: few }, { weight: 1, arbitrary: amount });
/** Mostly those who hold the tokens. */
const holder = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(1002, 1003, 1004) }, { weight: 1, arbitrary: account });
const key = wirePublicKey(operatorKey);

const entry = (num: number, units: bigint) => ({ accountID: accountId(num), amount: units, isApproval: false });

const hbarTransfer = fc.tuple(account, account, amount).map(([from, to, units]): Data => {
  const accountAmounts = [entry(from, -units), entry(to, units)];
  return {
    $case: 'cryptoTransfer',
    value: CryptoTransferTransactionBody.fromPartial({ transfers: { accountAmounts } }),
  };
});
const tokenTransfer = fc.tuple(entity, holder, holder, units).map(([token, from, to, moved]): Data => {
  const tokenTransfers = [{ token: tokenId(token), transfers: [entry(from, -moved), entry(to, moved)] }];
  return { $case: 'cryptoTransfer', value: CryptoTransferTransactionBody.fromPartial({ tokenTransfers }) };
});
const aliases = [
  ...[1, 2].map((seed) => Key.encode({ key: { $case: 'ed25519', value: new Uint8Array(32).fill(seed) } }).finish()),
  ...[3, 4].map((seed) => new Uint8Array(20).fill(seed)),
];
const aliasTransfer = fc.tuple(account, fc.constantFrom(...aliases), amount).map(([from, value, units]): Data => {
  const accountID = { shardNum: 0n, realmNum: 0n, account: { $case: 'alias' as const, value } };
  const accountAmounts = [entry(from, -units), { ...entry(from, units), accountID }];
  return {
    $case: 'cryptoTransfer',
    value: CryptoTransferTransactionBody.fromPartial({ transfers: { accountAmounts } }),
  };
});
/** Taken by allowance, with or without the owner's own transfer beside it. */
const approvedTransfer = fc
  .tuple(fc.option(entity, { freq: 2 }), party, party, units, fc.option(units, { freq: 1 }))
  .map(([token, from, to, units, own]): Data => {
    const beside = own === null ? [] : [entry(from, -own)];
    const entries = [{ ...entry(from, -units), isApproval: true }, ...beside, entry(to, units + (own ?? 0n))];
    return {
      $case: 'cryptoTransfer',
      value: CryptoTransferTransactionBody.fromPartial(
        token === null
          ? { transfers: { accountAmounts: entries } }
          : { tokenTransfers: [{ token: tokenId(token), transfers: entries }] },
      ),
    };
  });
const approval = fc
  .tuple(fc.option(entity, { freq: 2 }), party, party, amount)
  .map(([token, from, to, units]): Data => {
    const allowance = { owner: accountId(from), spender: accountId(to), amount: units };
    return {
      $case: 'cryptoApproveAllowance',
      value: CryptoApproveAllowanceTransactionBody.fromPartial(
        token === null
          ? { cryptoAllowances: [allowance] }
          : { tokenAllowances: [{ ...allowance, tokenId: tokenId(token) }] },
      ),
    };
  });
const create = amount.map((initialBalance): Data => {
  const value = { key, initialBalance, autoRenewPeriod: { seconds: 7_776_000n }, maxAutomaticTokenAssociations: -1 };
  return { $case: 'cryptoCreateAccount', value: CryptoCreateTransactionBody.fromPartial(value) };
});
const tokenCreate = fc.tuple(account, amount).map(([treasury, initialSupply]): Data => {
  const value = {
    name: 'T',
    symbol: 'T',
    initialSupply,
    treasury: accountId(treasury),
    adminKey: key,
    supplyKey: key,
    wipeKey: key,
  };
  return { $case: 'tokenCreation', value: TokenCreateTransactionBody.fromPartial(value) };
});
const tokenSupply = fc
  .tuple(entity, account, amount, fc.constantFrom('mint', 'burn', 'wipe'))
  .map(([num, holder, units, kind]): Data => {
    const token = tokenId(num);
    switch (kind) {
      case 'mint':
        return { $case: 'tokenMint', value: { token, amount: units, metadata: [] } };
      case 'burn':
        return { $case: 'tokenBurn', value: { token, amount: units, serialNumbers: [] } };
      default:
        return { $case: 'tokenWipe', value: { token, account: accountId(holder), amount: units, serialNumbers: [] } };
    }
  });
const relation = fc.tuple(entity, account, fc.boolean()).map(([num, holder, isNew]): Data => {
  const value = { account: accountId(holder), tokens: [tokenId(num)] };
  return isNew ? { $case: 'tokenAssociate', value } : { $case: 'tokenDissociate', value };
});
const remove = fc.tuple(account, account).map(([gone, heir]): Data => {
  return { $case: 'cryptoDelete', value: { deleteAccountID: accountId(gone), transferAccountID: accountId(heir) } };
});
const message = entity.map((num): Data => {
  return {
    $case: 'consensusSubmitMessage',
    value: { topicID: topicId(num), message: Buffer.from('m'), chunkInfo: undefined },
  };
});
/** Custom fees of every kind, for tokens that 1003 and 1004 hold; 0.0.0 is the token itself. */
const feeKinds = [
  { fee: fixedFee(3n), feeCollectorAccountId: accountId(1004) },
  { fee: fixedFee(2n, 1005), feeCollectorAccountId: accountId(1003) },
  { fee: fixedFee(1n, 0), feeCollectorAccountId: accountId(1004) },
  { fee: fractionalFee(10n, false), feeCollectorAccountId: accountId(1004) },
  { fee: fractionalFee(20n, true), feeCollectorAccountId: accountId(1003), allCollectorsAreExempt: true },
];

function fixedFee(units: bigint, token?: number) {
  const denominatingTokenId = token === undefined ? undefined : { shardNum: 0n, realmNum: 0n, tokenNum: BigInt(token) };
  return { $case: 'fixedFee' as const, value: { amount: units, denominatingTokenId } };
}

function fractionalFee(denominator: bigint, netOfTransfers: boolean) {
  const fractionalAmount = { numerator: 1n, denominator };
  return { $case: 'fractionalFee' as const, value: { fractionalAmount, minimumAmount: 1n, netOfTransfers } };
}

const feeSchedule = fc.tuple(entity, fc.subarray(feeKinds)).map(([num, customFees]): Data => {
  const value = { tokenId: tokenId(num), customFees };
  return { $case: 'tokenFeeScheduleUpdate', value: TokenFeeScheduleUpdateTransactionBody.fromPartial(value) };
});
/** Any transaction but a batch. */
export const single = fc.oneof(
  hbarTransfer,
  aliasTransfer,
  approval,
  approvedTransfer,
  feeSchedule,
  tokenTransfer,
  tokenTransfer,
  create,
  tokenCreate,
  tokenSupply,
  relation,
  remove,
  message,
);

/** A transaction, or a batch of several. */
export interface Step {
  readonly payer: number;
  readonly fee: bigint;
  readonly work: Data | readonly Data[];
}

export const step: fc.Arbitrary<Step> = fc.record({
  payer: fc.constantFrom(2, 1002, 1003, 1004),
  fee: fc.constantFrom(100_000n, 50_000_000n, 100_000_000_000n),
  work: fc.oneof(
    { weight: 4, arbitrary: single },
    { weight: 1, arbitrary: fc.array(single, { minLength: 1, maxLength: 4 }) },
  ),
});

const plain = (payer: number, work: Data): Step => ({ payer, fee: 100_000_000_000n, work });

/** Who may spend whose hbar and tokens from the start. */
const pairs = [1002, 1003].flatMap((owner) =>
  [2, 1002, 1003, 1004]
    .filter((spender) => spender !== owner)
    .map((spender) => ({ owner: accountId(owner), spender: accountId(spender) })),
);

const newToken = (customFees: typeof feeKinds): Step =>
  plain(1002, {
    $case: 'tokenCreation',
    value: TokenCreateTransactionBody.fromPartial({
      name: 'T',
      symbol: 'T',
      initialSupply: 1_000n,
      treasury: accountId(1002),
      adminKey: key,
      supplyKey: key,
      wipeKey: key,
      feeScheduleKey: key,
      customFees,
    }),
  });
const associated = (holder: number): Step =>
  plain(2, { $case: 'tokenAssociate', value: { account: accountId(holder), tokens: [tokenId(1005)] } });
const given = (token: number): Step => {
  const transfers = [entry(1002, -900n), entry(1003, 500n), entry(1004, 400n)];
  const tokenTransfers = [{ token: tokenId(token), transfers }];
  return plain(2, { $case: 'cryptoTransfer', value: CryptoTransferTransactionBody.fromPartial({ tokenTransfers }) });
};

/**
 * Two tokens that three accounts hold, one of them with custom fees of every kind, and allowances of the other and of
 * hbar, so that what follows has something to meet.
 */
export const groundwork: readonly Step[] = [
  newToken([]),
  associated(1003),
  associated(1004),
  newToken(feeKinds),
  given(1005),
  given(1006),
  plain(2, {
    $case: 'cryptoApproveAllowance',
    value: CryptoApproveAllowanceTransactionBody.fromPartial({
      cryptoAllowances: pairs.map((pair) => ({ ...pair, amount: 60n })),
      tokenAllowances: pairs.map((pair) => ({ ...pair, tokenId: tokenId(1005), amount: 60n })),
    }),
  }),
];
