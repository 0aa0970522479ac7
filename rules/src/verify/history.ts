import type { RecordOf } from '@gatepost/shared/records/schema';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { LedgerRecord } from '../run/ledger-record.js';
import type { RunMode } from '../run/run-mode.js';

/** A record with what the network verified about it, and its position among the records of its message. */
export interface AnyEntry extends LedgerRecord {
  readonly index: number;
  /** Tells it from all other records that were read with it. */
  readonly place: number;
}

/** A record of one type. */
export type Entry<T extends LedgerRecord['record']['type']> = AnyEntry & { readonly record: RecordOf<T> };

/** Whether an entry is of a record of this type. */
export const isA = <T extends AnyEntry['record']['type']>(entry: AnyEntry, type: T): entry is Entry<T> =>
  entry.record.type === type;

/** When a record was written: consensus timestamp, and its position within its message. */
export type Moment = Pick<AnyEntry, 'at' | 'index'>;

/** Whether one record came before another; within a message the position decides. */
export const isBefore = (a: Moment, b: Moment): boolean => (a.at === b.at ? a.index < b.index : a.at < b.at);

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

/** All that was said about one task, or one review. */
export interface TaskHistory {
  readonly task: string;
  /** By number. */
  readonly attempts: ReadonlyMap<number, AttemptHistory>;
  /** What counts of each; undefined until somebody asks. */
  facts: ReadonlyMap<AttemptHistory, AttemptFacts> | undefined;
}

/** All that was said about one attempt, by anybody, in consensus order. */
export interface AttemptHistory {
  readonly of: TaskHistory;
  readonly task: string;
  readonly attempt: number;
  readonly assignments: Assignment[];
  readonly results: Entry<'result'>[];
  readonly verdicts: Entry<'verdict'>[];
  /** What the ledger said of its deadline, paid for by the coordinator. */
  readonly timedOut: Entry<'timed_out'>[];
  /** The coordinator's only. */
  readonly payments: PaymentEntry[];
  /** By the coordinator or the gatekeeper, of a run with an arbiter. */
  readonly disputes: Entry<'dispute'>[];
  /** The arbiter's only. */
  readonly decisions: Entry<'decision'>[];
}

/** What the coordinator and the assigned agent said about an attempt, others' words left out. */
export interface AttemptFacts {
  readonly assignment: Assignment | undefined;
  /** Whether the fold takes the assignment, as far as that is known; one that it refuses gives nobody a part in the task. */
  readonly taken: boolean;
  /** The first after the assignment; what comes later has no effect. */
  readonly result: Entry<'result'> | undefined;
  /** The first with an effect, or what the arbiter's decision puts in its place. */
  readonly verdict: Entry<'verdict'> | undefined;
  /** The one with an effect: from then on the arbiter alone says whether the attempt is paid. */
  readonly dispute?: Entry<'dispute'> | undefined;
  readonly decision?: Entry<'decision'> | undefined;
}

/** What was said of the tasks of a run, in the order in which they were first spoken of. */
export interface RunTasks extends Iterable<readonly [task: string, attempts: TaskHistory['attempts']]> {
  /** Something was said of a task. @param payment which of a record's payments, from 0. */
  add(task: string, entry: AnyEntry, payment?: number): void;
  get(task: string): TaskHistory['attempts'] | undefined;
  values(): Iterable<TaskHistory['attempts']>;
  /** Reviews of a task's attempts, in the order in which they were first spoken of. */
  reviewsOf(task: string): readonly string[];
  /** Whether one task was spoken of before another. */
  isBefore(task: string, other: string): boolean;
  /** What counts of the tasks is to be found out anew. */
  forget(): void;
}

/** All that was said about one run. */
export interface RunHistory extends RunMode {
  readonly run: string;
  readonly opened: Entry<'run_opened'>;
  readonly coordinator: AccountId;
  readonly token: TokenId;
  /** The first of `closings`, or where the plan is known the one with an effect. */
  closed: Entry<'run_closed'> | undefined;
  /** All by the coordinator. */
  readonly closings: Entry<'run_closed'>[];
  /** Further openings by the same coordinator. */
  readonly reopened: Entry<'run_opened'>[];
  /** By task, then by number. */
  readonly tasks: RunTasks;
  /** Inboxes through which its coordinator gave out work. */
  readonly inboxes: Set<TopicId>;
  /** Assignments, disputes and decisions that the fold of its plan gave no effect, by place; undefined without the plan. */
  refused: ReadonlySet<number> | undefined;
  /** Where the coordinator's payment records stand. */
  readonly settled: number[];
  /** The coordinator's payment records from before the opening. */
  readonly early: Entry<'settled'>[];
  /** When others wrote payment records. */
  readonly foreignSettled: Set<Nanos>;
}

/** How tables and findings name an attempt. */
export const attemptName = ({ task, attempt }: { readonly task: string; readonly attempt: number }): string =>
  `${task}#${attempt}`;

/** All attempts of a run. */
export function* attemptsOf(run: RunHistory): Generator<AttemptHistory> {
  for (const attempts of run.tasks.values()) yield* attempts.values();
}

type Parties = Pick<RunHistory, 'coordinator' | 'gatekeeper' | 'escrow'>;

/** Who may write verdicts: beside a gatekeeper the coordinator too, on what was not delivered. */
export const mayWriteVerdicts = ({ coordinator, gatekeeper }: Parties, author: AccountId): boolean =>
  author === coordinator || author === gatekeeper;

/** The account that pays. */
export const payerOf = ({ coordinator, escrow }: Parties): AccountId => escrow ?? coordinator;
