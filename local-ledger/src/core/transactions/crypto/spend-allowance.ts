import type { Allowance } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, present, Status } from '../../status.js';

/** What is taken from whom by whom; no token is hbar, and the amount is positive. */
type Spending = Pick<Allowance, 'owner' | 'spender' | 'token' | 'amount'>;

/** Refuses to spend what the owner has not allowed to the spender; returns what the allowance is. */
export function checkAllowance(spending: Spending, state: LedgerState): Allowance {
  const { owner, spender, token, amount } = spending;
  const allowance = present(state.allowance(owner, spender, token), Status.SPENDER_DOES_NOT_HAVE_ALLOWANCE);
  demand(amount <= allowance.amount, Status.AMOUNT_EXCEEDS_ALLOWANCE);
  return allowance;
}

/** Takes what is spent from the allowance, which ends when nothing is left. */
export function spendAllowance(spending: Spending, state: LedgerState): void {
  const allowance = checkAllowance(spending, state);
  const left = allowance.amount - spending.amount;
  if (left === 0n) {
    state.removeAllowance(allowance);
  } else {
    state.putAllowance({ ...allowance, amount: left });
  }
}
