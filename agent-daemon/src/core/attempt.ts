import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Assignment } from './assignment.js';
import type { ReportedUsage } from './usage.js';

/**
 * Where an attempt stands on this host. `assigned`: on the inbox, its input or a place in the queue is missing.
 * `stopping`: the executor was told to stop. `held`: it is over, its assignment is not on the inbox yet. `saving`: it is
 * over and its result is being written. `dropped`: the inbox does not assign it.
 */
export type Phase = 'assigned' | 'queued' | 'running' | 'stopping' | 'held' | 'saving' | 'finished' | 'dropped';

export type Outcome = 'ok' | 'failed' | 'timed_out' | 'cancelled';

/** How an attempt ended. */
export interface Ending {
  readonly outcome: Outcome;
  /** Empty when the outcome is ok. */
  readonly reason: string;
  /** Present when the outcome is ok. */
  readonly output?: { readonly sha256: Sha256; readonly size: number };
  /** What the agent said that it used, if it did. */
  readonly usage?: ReportedUsage | undefined;
}

/** Why a running executor is told to stop. */
export type Stop = { readonly why: 'cancelled' | 'deadline' | 'shutdown' | 'dropped'; readonly reason: string };

/** One attempt as this host sees it. */
export interface Attempt {
  readonly assignment: Assignment;
  /** False while only a dispatch says so; until the inbox does, nothing of its end is told. */
  readonly confirmed: boolean;
  readonly phase: Phase;
  /** How often an executor was started for it. */
  readonly starts: number;
  readonly stop: Stop | undefined;
  readonly ending: Ending | undefined;
}

/** What happens to an attempt. */
export type AttemptInput =
  | { readonly type: 'queued'; readonly before: number }
  | { readonly type: 'slot_granted'; readonly nowMs: number }
  | { readonly type: 'executor_ended'; readonly ending: Ending }
  | { readonly type: 'cancelled'; readonly reason: string }
  | { readonly type: 'deadline_passed' }
  | { readonly type: 'shutdown' }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'confirmed'; readonly assignment: Assignment }
  | { readonly type: 'dropped'; readonly reason: string }
  | { readonly type: 'saved' };

/** What the shell has to do about it, in this order. */
export type AttemptCommand =
  | { readonly do: 'announce_accepted'; readonly before: number }
  | { readonly do: 'execute' }
  | { readonly do: 'report_started' }
  | { readonly do: 'stop_executor'; readonly stop: Stop }
  | { readonly do: 'leave_queue' }
  | { readonly do: 'free_slot' }
  | { readonly do: 'save'; readonly ending: Ending }
  | { readonly do: 'announce_finished'; readonly ending: Ending }
  /** On the journal, once what was asked to be saved is durable. */
  | { readonly do: 'report'; readonly ending: Ending }
  | { readonly do: 'forget' };

export interface Transition {
  readonly attempt: Attempt;
  readonly commands: readonly AttemptCommand[];
}

const stay = (attempt: Attempt): Transition => ({ attempt, commands: [] });

/** A new attempt from the inbox or from a dispatch, or one that was left unfinished after `starts` starts. */
export function newAttempt(assignment: Assignment, starts = 0, confirmed = true): Attempt {
  return { assignment, confirmed, phase: 'assigned', starts, stop: undefined, ending: undefined };
}

function save(attempt: Attempt, ending: Ending, before: readonly AttemptCommand[]): Transition {
  if (!attempt.confirmed) return { attempt: { ...attempt, phase: 'held', ending }, commands: before };
  const commands: AttemptCommand[] = [...before, { do: 'save', ending }];
  // Whoever cancelled before the start knows already; a `started` record, though, always gets its closing one.
  if (ending.outcome !== 'cancelled' || attempt.starts > 0) commands.push({ do: 'report', ending });
  return { attempt: { ...attempt, phase: 'saving', ending }, commands };
}

const timedOut = (attempt: Attempt): Ending => ({
  outcome: 'timed_out',
  reason: attempt.starts === 0 ? 'the deadline passed before it could start' : 'the deadline passed',
});

function grant(attempt: Attempt, nowMs: number): Transition {
  if (attempt.phase !== 'queued') return stay(attempt);
  if (nowMs >= attempt.assignment.deadlineMs) return save(attempt, timedOut(attempt), [{ do: 'free_slot' }]);
  const commands: AttemptCommand[] = [{ do: 'execute' }];
  if (attempt.confirmed) commands.push({ do: 'report_started' });
  return { attempt: { ...attempt, phase: 'running', starts: attempt.starts + 1 }, commands };
}

/** Ends what waits, stops what runs; what is over stays as it is. */
function halt(attempt: Attempt, stop: Stop, ending: Ending): Transition {
  switch (attempt.phase) {
    case 'assigned':
      return save(attempt, ending, []);
    case 'queued':
      return save(attempt, ending, [{ do: 'leave_queue' }]);
    case 'running':
      return { attempt: { ...attempt, phase: 'stopping', stop }, commands: [{ do: 'stop_executor', stop }] };
    default:
      return stay(attempt);
  }
}

function ended(attempt: Attempt, ending: Ending): Transition {
  const free = { do: 'free_slot' } as const;
  if (attempt.phase === 'running') return save(attempt, ending, [free]);
  if (attempt.phase !== 'stopping' || attempt.stop === undefined) return stay(attempt);
  const { why, reason } = attempt.stop;
  // Stopped by the daemon's own end: nothing is decided, the next start of the daemon takes it up again.
  if (why === 'dropped') return { attempt: { ...attempt, phase: 'dropped' }, commands: [free, { do: 'forget' }] };
  if (why === 'shutdown') return { attempt: { ...attempt, phase: 'assigned', stop: undefined }, commands: [free] };
  const outcome = why === 'cancelled' ? 'cancelled' : 'timed_out';
  const { usage } = ending;
  return save(attempt, usage === undefined ? { outcome, reason } : { outcome, reason, usage }, [free]);
}

function saved(attempt: Attempt): Transition {
  const { ending } = attempt;
  if (attempt.phase !== 'saving' || ending === undefined) return stay(attempt);
  return { attempt: { ...attempt, phase: 'finished' }, commands: [{ do: 'announce_finished', ending }] };
}

/** The inbox assigns what was begun on a dispatch: what was held back is told now. */
function confirm(attempt: Attempt, assignment: Assignment): Transition {
  if (attempt.confirmed || attempt.phase === 'dropped' || attempt.stop?.why === 'dropped') return stay(attempt);
  const confirmed: Attempt = { ...attempt, assignment, confirmed: true };
  const begun = attempt.starts > 0 && ['running', 'stopping', 'held'].includes(attempt.phase);
  const before: AttemptCommand[] = begun ? [{ do: 'report_started' }] : [];
  if (attempt.phase !== 'held' || attempt.ending === undefined) return { attempt: confirmed, commands: before };
  return save(confirmed, attempt.ending, before);
}

/** The inbox does not assign it after all: it ends without a trace. */
function drop(attempt: Attempt, reason: string): Transition {
  if (attempt.confirmed || attempt.phase === 'dropped') return stay(attempt);
  const stop: Stop = { why: 'dropped', reason };
  // Its executor has been told to stop already; only what comes of its end is another.
  if (attempt.phase === 'stopping') return { attempt: { ...attempt, stop }, commands: [] };
  if (attempt.phase === 'running') return halt(attempt, stop, timedOut(attempt));
  const leave: AttemptCommand[] = attempt.phase === 'queued' ? [{ do: 'leave_queue' }] : [];
  return { attempt: { ...attempt, phase: 'dropped' }, commands: [...leave, { do: 'forget' }] };
}

/** The state machine of one attempt: total, deterministic, without effects. Inputs that no longer matter change nothing. */
export function stepAttempt(attempt: Attempt, input: AttemptInput): Transition {
  switch (input.type) {
    case 'queued':
      if (attempt.phase !== 'assigned') return stay(attempt);
      return {
        attempt: { ...attempt, phase: 'queued' },
        commands: [{ do: 'announce_accepted', before: input.before }],
      };
    case 'slot_granted':
      return grant(attempt, input.nowMs);
    case 'executor_ended':
      return ended(attempt, input.ending);
    case 'cancelled': {
      const reason = `cancelled: ${input.reason}`;
      return halt(attempt, { why: 'cancelled', reason }, { outcome: 'cancelled', reason });
    }
    case 'deadline_passed':
      return halt(attempt, { why: 'deadline', reason: timedOut(attempt).reason }, timedOut(attempt));
    case 'shutdown':
      if (attempt.phase !== 'running') return stay(attempt);
      return halt(attempt, { why: 'shutdown', reason: 'the daemon stops' }, timedOut(attempt));
    case 'refused':
      if (attempt.phase !== 'assigned') return stay(attempt);
      return save(attempt, { outcome: 'failed', reason: input.reason }, []);
    case 'confirmed':
      return confirm(attempt, input.assignment);
    case 'dropped':
      return drop(attempt, input.reason);
    case 'saved':
      return saved(attempt);
  }
}
