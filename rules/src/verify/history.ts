import type { RecordOf } from '@gatepost/shared/records/schema';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
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

/** An attempt given to an agent. */
export interface Assignment {
  readonly entry: Entry<'assign'>;
  readonly agent: AccountId;
}

/** All that was said about one attempt, by anybody, in consensus order. */
export interface AttemptHistory {
  readonly task: string;
  readonly attempt: number;
  readonly assignments: Assignment[];
  readonly results: Entry<'result'>[];
  readonly verdicts: Entry<'verdict'>[];
  /** What the ledger said of its deadline, paid for by the coordinator. */
  readonly timedOut: Entry<'timed_out'>[];
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
  /** The coordinator's payment records from before the opening. */
  readonly early: Entry<'settled'>[];
  /** Payment records by others. */
  readonly foreignSettled: Entry<'settled'>[];
}

/** How tables and findings name an attempt. */
export const attemptName = ({ task, attempt }: { readonly task: string; readonly attempt: number }): string =>
  `${task}#${attempt}`;

/** What the coordinator and the assigned agent said about an attempt, others' words left out. */
export interface AttemptFacts {
  readonly assignment: Assignment | undefined;
  /** The first after the assignment; what comes later has no effect. */
  readonly result: Entry<'result'> | undefined;
  readonly verdict: Entry<'verdict'> | undefined;
}

/** Whether a result is one the fold takes: what is said to be done has the digest of its output. */
export const isWhole = ({ record }: Entry<'result'>): boolean =>
  record.outcome !== 'ok' || record.output_sha256 !== undefined;

/** Whether a result came by the deadline of its assignment. */
export const isInTime = (result: Entry<'result'>, assignment: Assignment): boolean =>
  result.at <= nanosFromMs(assignment.entry.record.deadline_ms);

/**
 * Reduces what was said to what counts. A process that does not know what a killed one had sent may assign an attempt
 * again under the same number: the assignment that counts is one to the agent that was paid, if any, else the first.
 * Of the results it is the agent's first whole one after that; of the verdicts the first, an acceptance only after it.
 */
export function factsOf(run: RunHistory, attempt: AttemptHistory): AttemptFacts {
  const own = attempt.assignments.filter(({ entry }) => entry.author === run.coordinator);
  const payee = attempt.payments[0]?.to;
  const paid = own.filter(({ agent }) => agent === payee);
  const candidates = paid.length > 0 ? paid : own;
  const assignment = candidates[0];
  const results = attempt.results.filter(({ author }) => author === assignment?.agent);
  const after = results.filter((result) => assignment !== undefined && isBefore(assignment.entry, result));
  const result = after.find(isWhole) ?? after[0] ?? results[0];
  const verdicts = attempt.verdicts.filter(({ author }) => author === run.coordinator);
  const founded = (verdict: Entry<'verdict'>): boolean =>
    !verdict.record.accepted || (result !== undefined && isBefore(result, verdict));
  return { assignment, result, verdict: verdicts.find(founded) ?? verdicts[0] };
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
