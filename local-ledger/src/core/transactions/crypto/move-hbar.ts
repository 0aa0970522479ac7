import type { EntityNum } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, present, Status } from '../../status.js';

/** Adds `amount` tinybar, which may be negative, to an account; no balance goes below zero. */
export function addHbar(state: LedgerState, num: EntityNum, amount: bigint): void {
  const account = present(state.accounts.get(num), Status.INVALID_ACCOUNT_ID);
  const balance = account.balance + amount;
  demand(balance >= 0n, Status.INSUFFICIENT_ACCOUNT_BALANCE);
  if (amount !== 0n) {
    state.accounts.put(num, { ...account, balance });
  }
}

/** Moves `amount` tinybar between two accounts. */
export function moveHbar(state: LedgerState, from: EntityNum, to: EntityNum, amount: bigint): void {
  addHbar(state, from, -amount);
  addHbar(state, to, amount);
}
