import type { EntityNum, Nanos } from '../../core/model.js';
import type { AccountView, MirrorState } from './mirror-state.js';

/** Balances of an account at a past time. */
export interface PastBalances {
  /** Tinybar. */
  readonly hbar: bigint;
  /** Balance of a token; undefined when the account was not associated with it yet. */
  token(token: EntityNum): bigint | undefined;
}

/**
 * What the account held just after all transactions up to `at`, included: its present balances less the movements
 * since. Nothing is stored for this; the cost is one pass over the account's later transactions.
 */
export function balancesAt(state: MirrorState, view: AccountView, at: Nanos): PastBalances {
  const { account } = view;
  const movedTokens = new Map<EntityNum, bigint>();
  let movedHbar = 0n;
  const numbers = state.transactions.ofAccount(account.num);
  for (let index = numbers.length - 1; index >= 0; index--) {
    const item = state.transactions.at(numbers.at(index));
    if (item.consensusTimestamp <= at) break;
    for (const move of item.transfers) if (move.account === account.num) movedHbar += move.amount;
    for (const move of item.tokenTransfers) {
      if (move.account === account.num) {
        movedTokens.set(move.token, (movedTokens.get(move.token) ?? 0n) + move.amount);
      }
    }
  }
  return {
    hbar: account.balance - movedHbar,
    token: (token) => {
      const relation = state.relationsOf(account.num).get(token)?.value;
      if (relation === undefined || relation.created > at) return undefined;
      return relation.balance - (movedTokens.get(token) ?? 0n);
    },
  };
}
