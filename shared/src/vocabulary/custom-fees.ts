import { formatTinybar } from './amount.js';
import type { AccountId, TokenId } from './ids.js';

/** What a custom fee is paid in: a token, in its smallest unit, or hbar, in tinybar. */
export type FeeUnit = TokenId | 'hbar';

/** A fixed amount with each transfer, from the sender. */
interface FixedFee {
  readonly kind: 'fixed';
  readonly collector: AccountId;
  readonly unit: FeeUnit;
  readonly amount: bigint;
}

/** A part of what is sent, in the token itself. */
interface FractionalFee {
  readonly kind: 'fractional';
  readonly collector: AccountId;
  readonly unit: TokenId;
  readonly numerator: bigint;
  readonly denominator: bigint;
  readonly minimum: bigint;
  /** No bound when undefined. */
  readonly maximum: bigint | undefined;
  /** Whether the sender pays it beside what it sends; otherwise receivers get so much less. */
  readonly isNet: boolean;
}

/** A custom fee of a fungible token (HIP-18). */
export type CustomFee = FixedFee | FractionalFee;

/** What paying in a token costs one payer beside the prices. */
export interface TokenTerms {
  /** Whether the token has custom fees at all: the network charges more for its transfers, also when none is owed. */
  readonly hasFees: boolean;
  /** The custom fees that the payer owes with each transfer. */
  readonly owed: readonly CustomFee[];
}

export const FREE_TERMS: TokenTerms = { hasFees: false, owed: [] };

/** So much of a custom fee. */
export interface FeeAmount {
  readonly unit: FeeUnit;
  readonly collector: AccountId;
  readonly amount: bigint;
}

/** What the network takes as a fee when a payer sends so many units of the token in one transfer. */
export const feeOf = (fee: CustomFee, sent: bigint): bigint =>
  fee.kind === 'fixed' ? fee.amount : bounded(fee, (sent * fee.numerator) / fee.denominator);

/** The most that it may come to for so many units, however they are put together in transfers with others. */
export const mostOf = (fee: CustomFee, sent: bigint): bigint =>
  fee.kind === 'fixed' ? fee.amount : bounded(fee, (sent * fee.numerator + fee.denominator - 1n) / fee.denominator);

function bounded({ minimum, maximum }: FractionalFee, nominal: bigint): bigint {
  const wanted = nominal < minimum ? minimum : nominal;
  return maximum !== undefined && wanted > maximum ? maximum : wanted;
}

/** Adds up amounts of one unit for one collector. */
export function addUp(amounts: Iterable<FeeAmount>): readonly FeeAmount[] {
  const sums = new Map<string, FeeAmount>();
  for (const one of amounts) {
    const key = `${one.unit} ${one.collector}`;
    sums.set(key, { ...one, amount: (sums.get(key)?.amount ?? 0n) + one.amount });
  }
  return [...sums.values()].filter(({ amount }) => amount > 0n);
}

/** An amount with its unit, in words. */
export const unitText = (amount: bigint, unit: FeeUnit): string =>
  unit === 'hbar' ? formatTinybar(amount) : `${amount} of ${unit}`;

/** A custom fee in words. */
export const feeText = (fee: CustomFee): string =>
  fee.kind === 'fixed'
    ? `${unitText(fee.amount, fee.unit)} with each transfer`
    : `${fee.numerator}/${fee.denominator} of each transfer, from ${fee.isNet ? 'who pays' : 'who is paid'}`;
