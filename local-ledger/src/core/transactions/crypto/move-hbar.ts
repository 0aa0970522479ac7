import { systemAccounts } from '../../limits.js';
import type { EntityNum } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, present, Status } from '../../status.js';
import { accountInUse } from '../entities.js';
import type { HandleContext } from '../handler.js';
import { shortfall } from './custom-fees/shortfall.js';
import { approvedByOwner, type Move, netByAccount } from './moves.js';
import { spendAllowance } from './spend-allowance.js';

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

/** Moves hbar along a transfer list; the payer spends the allowances. */
export function moveHbars(moves: readonly Move[], { state, payer, outcome }: HandleContext): void {
  const isCollection = moves.some(({ account, amount }) => account === systemAccounts.feeCollection && amount > 0n);
  demand(!isCollection, Status.TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED);
  for (const [num, amount] of netByAccount(moves)) {
    const { balance } = accountInUse(state, num);
    demand(balance + amount >= 0n, shortfall(outcome, num, undefined) ?? Status.INSUFFICIENT_ACCOUNT_BALANCE);
    addHbar(state, num, amount);
  }
  for (const [owner, amount] of approvedByOwner(moves)) {
    spendAllowance({ owner, spender: payer, token: undefined, amount }, state);
  }
}
