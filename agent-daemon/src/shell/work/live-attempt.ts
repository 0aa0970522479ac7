import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Assignment } from '../../core/assignment.js';
import { type Attempt, newAttempt, type Stop } from '../../core/attempt.js';
import { type EventLimits, EventLog } from '../../core/event-log.js';
import type { ReportedUsage } from '../../core/usage.js';

/** An attempt that this process works on, or has finished lately. */
export interface LiveAttempt {
  readonly key: string;
  readonly ref: AttemptRef;
  attempt: Attempt;
  readonly log: EventLog;
  /** The work order, when it is small; larger ones are read when they are needed. */
  input: Uint8Array | undefined;
  /** Whether the work order is at hand, here or in the store. */
  hasInput: boolean;
  /** A small output until it is durable together with the result. */
  output: Uint8Array | undefined;
  /** The output's text, when it may go into the result record. */
  outputText: string | undefined;
  /** Resolves when its ending is durable; undefined before it is over. */
  kept: Promise<void> | undefined;
  /** What the agent says that it has used since its executor was started. */
  usage?: ReportedUsage | undefined;
  /** Stops the executor. */
  readonly abort: AbortController;
  stop: Stop | undefined;
  /** When the executor began, milliseconds since the Unix epoch. */
  startedAtMs: number | undefined;
  cancelDeadline: (() => void) | undefined;
  /** What the inbox really assigns, while an early start of something else is being stopped. */
  successor: Assignment | undefined;
}

/** What is known of an attempt when it is taken up, started so often before. @param confirmed whether the inbox assigns it. */
export function newLiveAttempt(
  assignment: Assignment,
  limits: EventLimits,
  { starts = 0, hasInput = true, confirmed = true } = {},
): LiveAttempt {
  return {
    key: attemptKey(assignment.ref),
    ref: assignment.ref,
    attempt: newAttempt(assignment, starts, confirmed),
    log: new EventLog(starts, limits),
    input: assignment.inlineInput === undefined ? undefined : Buffer.from(assignment.inlineInput, 'utf8'),
    hasInput,
    output: undefined,
    outputText: undefined,
    kept: undefined,
    abort: new AbortController(),
    stop: undefined,
    startedAtMs: undefined,
    successor: undefined,
    cancelDeadline: undefined,
  };
}
