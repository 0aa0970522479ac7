import type { EntityNum } from '../../../model.js';
import { Status } from '../../../status.js';
import type { Outcome } from '../../outcome.js';

/** The code when an account lacks what it is to pay, if a custom fee in that token, or in hbar, is part of it. */
export function shortfall(
  { assessedFees = [] }: Outcome,
  account: EntityNum,
  token: EntityNum | undefined,
): Status | undefined {
  const paysFee = assessedFees.some((fee) => fee.token === token && fee.payers.includes(account));
  return paysFee ? Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE : undefined;
}
