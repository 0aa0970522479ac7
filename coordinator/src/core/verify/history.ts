import type { RecordOf } from '@gatepost/shared/records/schema';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { LedgerRecord } from '../run/ledger-record.js';

/** A record with what the network verified about it, and its position among the records of its message. */
export interface AnyEntry extends LedgerRecord {
  readonly index: number;
}

/** A record of one type. */
export type Entry<T extends LedgerRecord['record']['type']> = AnyEntry & { readonly record: RecordOf<T> };

/** Whether one record came before another; within a message the position decides. */
export const isBefore = (a: AnyEntry, b: AnyEntry): boolean => (a.at === b.at ? a.index < b.index : a.at < b.at);

/** Position and amount of a payment within its record. */
export interface PaymentEntry {
  readonly entry: Entry<'settled'>;
  readonly to: AccountId;
  readonly amount: bigint;
}

/** All that was said about one attempt, by anybody, in consensus order. */
export interface AttemptHistory {
  readonly task: string;
  readonly attempt: number;
  readonly assignments: { readonly entry: Entry<'assign'>; readonly agent: AccountId }[];
  readonly results: Entry<'result'>[];
  readonly verdicts: Entry<'verdict'>[];
  /** The coordinator's only. */
  readonly payments: PaymentEntry[];
}

/** All that was said about one run. */
export interface RunHistory {
  readonly run: string;
  readonly opened: Entry<'run_opened'>;
  readonly coordinator: AccountId;
  readonly token: TokenId;
  closed: Entry<'run_closed'> | undefined;
  /** Further openings by the same coordinator. */
  readonly reopened: Entry<'run_opened'>[];
  /** By task, then by number. */
  readonly tasks: Map<string, Map<number, AttemptHistory>>;
  /** The coordinator's payment records. */
  readonly settled: Entry<'settled'>[];
  /** Payment records by others. */
  readonly foreignSettled: Entry<'settled'>[];
}

/** How tables and findings name an attempt. */
export const attemptName = ({ task, attempt }: { readonly task: string; readonly attempt: number }): string =>
  `${task}#${attempt}`;

/** What the coordinator and the assigned agent said about an attempt, others' words left out. */
export interface AttemptFacts {
  readonly assignment: AttemptHistory['assignments'][number] | undefined;
  /** The first, as long as there was no verdict; what comes later has no effect. */
  readonly result: Entry<'result'> | undefined;
  readonly verdict: Entry<'verdict'> | undefined;
}

/** Reduces what was said to what counts. */
export function factsOf(run: RunHistory, attempt: AttemptHistory): AttemptFacts {
  const assignment = attempt.assignments.find(({ entry }) => entry.author === run.coordinator);
  const verdict = attempt.verdicts.find(({ author }) => author === run.coordinator);
  const result = attempt.results.find(({ author }) => author === assignment?.agent);
  return { assignment, verdict, result };
}

/** All attempts of a run. */
export function* attemptsOf(run: RunHistory): Generator<AttemptHistory> {
  for (const attempts of run.tasks.values()) yield* attempts.values();
}

/** Id of what a review task reviews; undefined for a task of the plan. */
export function reviewedAttempt(task: string): { readonly task: string; readonly attempt: number } | undefined {
  const match = /^(\d+)~(.+)$/.exec(task);
  return match === null ? undefined : { attempt: Number(match[1]), task: match[2] ?? '' };
}
