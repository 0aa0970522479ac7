import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Dispute } from './dispute.js';

/** What an agent reported. */
export interface AttemptResult {
  readonly ok: boolean;
  readonly outputSha256: Sha256 | undefined;
  readonly outputSize: number;
  /** The output as text when it came within the record. */
  readonly inline: string | undefined;
  readonly reason: string | undefined;
  readonly at: Nanos;
}

/** What the gates said. */
export interface AttemptVerdict {
  readonly accepted: boolean;
  readonly gate: string;
  readonly reason: string;
  readonly at: Nanos;
}

/** What was paid, as the `settled` record tells it. */
export interface AttemptPayment {
  readonly to: AccountId;
  readonly amount: TokenAmount;
  /** Id of the transfer, when the record names it. */
  readonly transfer: string | undefined;
  readonly at: Nanos;
}

/** One attempt as the ledger tells it. Fields are filled in the order of the records and never change after; the arbiter alone may change a verdict. */
export interface Attempt {
  readonly task: string;
  /** From 1. */
  readonly number: number;
  /** How often the task had been rejected before, plus one; the members of a quorum share it. */
  readonly round: number;
  readonly agent: AccountId;
  readonly inbox: TopicId;
  /** Sequence number of the inbox message that assigns it. */
  readonly inboxSequence: number;
  readonly price: TokenAmount;
  readonly inputSha256: Sha256;
  readonly inputSize: number;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
  readonly assignedAt: Nanos;
  startedAt: Nanos | undefined;
  /** A newer attempt was assigned because this one's agent was lost; its result still counts if it comes first. */
  superseded: boolean;
  cancelled: boolean;
  /** When the ledger said that its deadline had passed; what is reported after that comes too late. */
  timedOutAt: Nanos | undefined;
  result: AttemptResult | undefined;
  verdict: AttemptVerdict | undefined;
  payment: AttemptPayment | undefined;
  /** A party has asked the arbiter to pay it. */
  dispute: Dispute | undefined;
}

/** Key of an attempt within a run, also how events show it. */
export const keyOf = (task: string, attempt: number): string => `${task}#${attempt}`;

export const attemptKeyOf = (attempt: Pick<Attempt, 'task' | 'number'>): string => keyOf(attempt.task, attempt.number);

/** Whether nothing was decided about it yet. */
export const isOpen = (attempt: Attempt): boolean => attempt.verdict === undefined;
