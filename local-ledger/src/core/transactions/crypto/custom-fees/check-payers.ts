import type { EntityNum } from '../../../model.js';
import type { LedgerState } from '../../../state/ledger-state.js';
import { demand, Status } from '../../../status.js';
import type { Move, Transfers } from '../moves.js';
import type { Charge } from './charge.js';

/**
 * Refuses payers of custom fees that cannot hold what they are to pay, and those that a transfer names by alias, as the
 * network does.
 */
export function checkFeePayers(level: Transfers, { next }: Charge, state: LedgerState): void {
  const isNamed = ({ account }: Move) => !level.aliased.has(account);
  for (const { token, moves } of next.tokens) {
    for (const move of moves.filter(({ amount }) => amount < 0n)) {
      if (state.relation(move.account, token) === undefined) {
        demand(isNamed(move), Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
        demand(mayStillAssociate(move.account, token, level, state), Status.TOKEN_NOT_ASSOCIATED_TO_ACCOUNT);
      }
    }
  }
  const payers = next.hbar.filter(({ amount }) => amount < 0n);
  demand(payers.every(isNamed), Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
}

/** Whether the same transfer gives the account the token, for which it has a free slot. */
function mayStillAssociate(num: EntityNum, token: EntityNum, level: Transfers, state: LedgerState): boolean {
  const moves = level.tokens.find((list) => list.token === token)?.moves ?? [];
  const isCredited = moves.some(({ account, amount }) => account === num && amount > 0n);
  const account = state.accounts.get(num);
  return isCredited && account !== undefined && account.maxAutoAssociations > account.usedAutoAssociations;
}
