import { GatepostError } from './errors.js';
import type { AccountId, ScheduleId, TokenId, TopicId, TransactionId } from './ids.js';

/** What the network says of a transaction that it carried out. Entities that it did not make are undefined. */
export interface Receipt {
  readonly id: TransactionId;
  readonly accountId: AccountId | undefined;
  readonly topicId: TopicId | undefined;
  readonly tokenId: TokenId | undefined;
  readonly scheduleId: ScheduleId | undefined;
  /** Undefined when the mirror was asked in place of a lost receipt: it does not tell. */
  readonly topicSequenceNumber: number | undefined;
}

/**
 * What became of a transaction.
 * - `done`: it is on the ledger.
 * - `refused`: the network looked at it and changed nothing but perhaps the payer's balance; its status says why.
 * - `never`: it is not on the ledger and its bytes never will be; it may be asked for again under a new id.
 * - `unknown`: nobody could tell so far. It may still happen; only the same bytes may be submitted again.
 */
export type Outcome =
  | { readonly kind: 'done'; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly id: TransactionId; readonly status: string }
  | { readonly kind: 'never'; readonly id: TransactionId; readonly why: string }
  | { readonly kind: 'unknown'; readonly id: TransactionId; readonly why: string };

/**
 * The receipt of a transaction that has to be done, for commands that do one thing and end.
 * @throws GatepostError LEDGER_REJECTED with `status`, LEDGER_UNREACHABLE when it never happened, OUTCOME_UNKNOWN;
 * CLOCK_SKEW when the network finds its time wrong.
 */
export function requireDone(outcome: Outcome): Receipt {
  if (outcome.kind === 'done') return outcome.receipt;
  const { id } = outcome;
  const skew = clockSkew(outcome);
  if (skew !== undefined) throw new GatepostError('CLOCK_SKEW', `${skew}: the ledger does not take ${id}`, { id });
  switch (outcome.kind) {
    case 'refused':
      throw new GatepostError('LEDGER_REJECTED', `the ledger answered ${outcome.status} for ${id}`, {
        status: outcome.status,
        id,
      });
    case 'never':
      throw new GatepostError('LEDGER_UNREACHABLE', `${id} did not reach the ledger: ${outcome.why}`, { id });
    case 'unknown':
      throw new GatepostError('OUTCOME_UNKNOWN', `cannot learn what became of ${id}: ${outcome.why}`, { id });
  }
}

/** What a refusal for its time alone says of this host's clock; undefined for any other outcome. */
export function clockSkew(outcome: Outcome): string | undefined {
  if (outcome.kind === 'refused' && outcome.status === 'INVALID_TRANSACTION_START') {
    return "the clock of this host is ahead of the ledger's";
  }
  if (outcome.kind === 'never' && outcome.why === 'TRANSACTION_EXPIRED') {
    return "the clock of this host is behind the ledger's";
  }
  return undefined;
}

/** Refusals of a deletion that mean that the schedule is out of the way already. */
export const SCHEDULE_GONE: ReadonlySet<string> = new Set([
  'SCHEDULE_ALREADY_DELETED',
  'SCHEDULE_ALREADY_EXECUTED',
  'INVALID_SCHEDULE_ID',
]);

/** Refusals that are about the payer's account and none of what it wanted done. */
export const PAYER_REFUSED: ReadonlySet<string> = new Set([
  'INSUFFICIENT_PAYER_BALANCE',
  'PAYER_ACCOUNT_NOT_FOUND',
  'PAYER_ACCOUNT_DELETED',
]);
