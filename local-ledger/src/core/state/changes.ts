import type { EntityChange, HbarTransfer, TokenTransfer } from '../record-item.js';
import type { LedgerState } from './ledger-state.js';

/** What a transaction did, as the difference between the state at its mark and now. */
export interface StateDelta {
  readonly changes: readonly EntityChange[];
  /** Net movement per account, by account number. */
  readonly transfers: readonly HbarTransfer[];
  /** Net movement per token and account, by token and account number. */
  readonly tokenTransfers: readonly TokenTransfer[];
}

/** Everything that changed since `mark`. Movements are derived from balances, so they can never disagree with them. */
export function deltaSince(state: LedgerState, mark: number): StateDelta {
  const changes: EntityChange[] = [];
  const transfers = accountDelta(state, mark, changes);
  for (const { after } of state.topics.changes(mark)) {
    if (after !== undefined) {
      changes.push({ kind: 'topic', topic: after });
    }
  }
  for (const { after } of state.tokens.changes(mark)) {
    if (after !== undefined) {
      changes.push({ kind: 'token', token: after });
    }
  }
  const tokenTransfers = relationDelta(state, mark, changes);
  for (const { before, after } of state.allowances.changes(mark)) {
    if (after !== undefined) {
      changes.push({ kind: 'allowance', allowance: after });
    } else if (before !== undefined) {
      changes.push({ kind: 'allowance-removed', allowance: before });
    }
  }
  for (const { after } of state.schedules.changes(mark)) {
    if (after !== undefined) {
      changes.push({ kind: 'schedule', schedule: after });
    }
  }
  return { changes, transfers, tokenTransfers };
}

function accountDelta(state: LedgerState, mark: number, changes: EntityChange[]): HbarTransfer[] {
  const transfers: HbarTransfer[] = [];
  for (const { before, after } of state.accounts.changes(mark)) {
    if (after === undefined) {
      continue;
    }
    changes.push({ kind: 'account', account: after });
    const amount = after.balance - (before?.balance ?? 0n);
    if (amount !== 0n) {
      transfers.push({ account: after.num, amount, isApproval: false });
    }
  }
  return transfers.sort((a, b) => a.account - b.account);
}

function relationDelta(state: LedgerState, mark: number, changes: EntityChange[]): TokenTransfer[] {
  const transfers: TokenTransfer[] = [];
  for (const { before, after } of state.relations.changes(mark)) {
    const relation = after ?? before;
    if (relation === undefined) {
      continue;
    }
    const { account, token } = relation;
    changes.push(
      after === undefined ? { kind: 'relation-removed', account, token } : { kind: 'relation', relation: after },
    );
    const amount = (after?.balance ?? 0n) - (before?.balance ?? 0n);
    if (amount !== 0n) {
      transfers.push({ token, account, amount, isApproval: false });
    }
  }
  return transfers.sort((a, b) => a.token - b.token || a.account - b.account);
}
