import type { EntityNum } from '../../model.js';

/** One entry of a transfer list, its account resolved. */
export interface Move {
  readonly account: EntityNum;
  /** Tinybar or units; negative for a debit. */
  readonly amount: bigint;
  /** Whether a debit is taken by allowance. */
  readonly isApproval: boolean;
}

/** The entries of one token. */
export interface TokenMoves {
  readonly token: EntityNum;
  readonly moves: readonly Move[];
  readonly expectedDecimals: number | undefined;
}

/** What a transfer moves. */
export interface Transfers {
  readonly hbar: readonly Move[];
  readonly tokens: readonly TokenMoves[];
  /** Accounts that were named by alias. */
  readonly aliased: ReadonlySet<EntityNum>;
}

/** The net amount of each account, in the order of their first entries. */
export function netByAccount(moves: readonly Move[]): Map<EntityNum, bigint> {
  const net = new Map<EntityNum, bigint>();
  for (const { account, amount } of moves) {
    net.set(account, (net.get(account) ?? 0n) + amount);
  }
  return net;
}

/** The debits taken by allowance, as positive amounts by owner. */
export function approvedByOwner(moves: readonly Move[]): Map<EntityNum, bigint> {
  const approved = moves.filter(({ isApproval, amount }) => isApproval && amount < 0n);
  return netByAccount(approved.map((move) => ({ ...move, amount: -move.amount })));
}
