import { limits } from '../../../limits.js';
import type { EntityNum, FractionalTokenFee, Token } from '../../../model.js';
import { demand, Status } from '../../../status.js';
import type { Move } from '../moves.js';
import type { Charge } from './charge.js';
import { isExempt } from './exemptions.js';

/**
 * Charges the fractional fees of a token for one debit. A fee net of transfers is the sender's, beside what it sends;
 * the others are taken from what the receivers get.
 */
export function chargeFractionalFees(token: Token, debit: Move, moves: readonly Move[], charge: Charge): void {
  let unitsLeft = -debit.amount;
  for (const fee of token.customFees) {
    if (fee.kind === 'fractional' && fee.collector !== debit.account) {
      unitsLeft -= chargeFee(fee, { token, debit, moves, charge });
      demand(unitsLeft >= 0n, Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
    }
  }
}

interface Situation {
  readonly token: Token;
  readonly debit: Move;
  /** All entries of the token as they were before any fee. */
  readonly moves: readonly Move[];
  readonly charge: Charge;
}

/** Returns what the fee takes from receivers. */
function chargeFee(fee: FractionalTokenFee, { token, debit, moves, charge }: Situation): bigint {
  const pays = (account: EntityNum) => !isExempt(token, fee, account);
  const paying = moves.filter(({ account }) => pays(account));
  const credits = paying.filter(({ amount }) => amount > 0n);
  if (credits.length === 0) {
    return 0n;
  }
  if (fee.netOfTransfers) {
    if (pays(debit.account)) {
      const { due } = owed(fee, -debit.amount);
      charge.payFixed(token, debit.account, { ...fee, kind: 'fixed', amount: due, token: token.num });
    }
    return 0n;
  }
  const { due, isMinimum } = owed(fee, sum(credits));
  const debits = -sum(paying.filter(({ amount }) => amount < 0n));
  // Each debit brings its share of the fee; those who are exempt bring none.
  const share = debits === 0n ? 0n : bounded((-debit.amount * due) / debits);
  const list = charge.listOf(token.num);
  const taken = list.takeFromCredits(share, pays);
  demand(!isMinimum || taken === share, Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
  if (taken > 0n) {
    list.add(fee.collector, taken);
    const payers = [...new Set(credits.map(({ account }) => account))];
    charge.fees.push({ amount: taken, token: token.num, collector: fee.collector, payers });
  }
  return taken;
}

/** What a fee takes of `units`, and whether that is its minimum. */
function owed({ numerator, denominator, minimum, maximum }: FractionalTokenFee, units: bigint) {
  const nominal = bounded((numerator * units) / denominator);
  const isMinimum = minimum > nominal;
  const wanted = isMinimum ? minimum : nominal;
  return { due: maximum !== undefined && wanted > maximum ? maximum : wanted, isMinimum };
}

function sum(moves: readonly Move[]): bigint {
  return moves.reduce((total, { amount }) => bounded(total + amount), 0n);
}

function bounded(units: bigint): bigint {
  const isWithin = units <= limits.maxInt64 && units >= -limits.maxInt64;
  demand(isWithin, Status.CUSTOM_FEE_OUTSIDE_NUMERIC_RANGE);
  return units;
}
