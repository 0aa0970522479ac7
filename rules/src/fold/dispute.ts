import { scheduleId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { type Attempt, isOpen } from '../run/attempt.js';
import { attemptAt } from '../run/attempt-numbers.js';
import type { Emit } from '../run/change.js';
import { DISPUTE_QUIET } from '../run/dispute.js';
import type { RunState } from '../run/run-state.js';
import { isAccepted, isTerminal, membersOf, type TaskState } from '../run/task-state.js';
import { ARBITER_GATE } from '../run/verdict-gates.js';
import { refreshJudgeable } from './gate-index.js';
import type { Apply } from './outcome.js';
import { acceptTask, closeAttempt, markPaid } from './transitions.js';
import { endReview, rejectOpen } from './verdict.js';

/** A party has signed the payment of an attempt and asks the arbiter to. Until the decision nothing else pays it. */
export const applyDispute: Apply<'dispute'> = (state, record, { author, at }, emit) => {
  if (state.context.arbiter === undefined) return 'dispute in a run without an arbiter';
  const task = state.tasks.get(record.task);
  const attempt = attemptAt(task, record.attempt);
  if (task === undefined || attempt === undefined) return 'dispute of an attempt that was not assigned';
  const obstacle = disputeObstacle(task, attempt);
  if (obstacle !== undefined) return obstacle;
  const { reason } = record;
  const schedule = scheduleId(record.schedule);
  attempt.dispute = { by: author, schedule, reason, at, decision: undefined };
  state.payable.delete(attempt);
  state.disputed.add(attempt);
  emit({ event: 'disputed', task: record.task, attempt: record.attempt, by: author, reason });
  return undefined;
};

/**
 * Why the arbiter cannot be asked about an attempt: it may be asked about what was accepted and is not paid, and about what
 * was delivered in time and not accepted while no other result of its task was. Of a quorum's member and of a review it is
 * the others who say whether they are owed anything.
 */
export function disputeObstacle(task: TaskState, attempt: Attempt): string | undefined {
  const { dispute, payment, result, verdict, price, deadlineMs } = attempt;
  if (dispute !== undefined) return 'dispute of what is disputed already';
  if (payment !== undefined || price === 0n) return 'dispute of what is paid or has no price';
  if (result?.ok !== true) return 'dispute of what was not delivered';
  if (verdict?.accepted === true) return isAccepted(task.status) ? undefined : 'dispute of what is not owed';
  if (membersOf(task.spec) > 1 || task.reviews !== undefined) return 'dispute of what is not owed';
  if (result.at > nanosFromMs(deadlineMs)) return 'dispute of what came late';
  return hasOther(task, attempt) ? 'dispute of a second result' : undefined;
}

/** Whether another result of the task was accepted. */
const hasOther = (task: TaskState, attempt: Attempt): boolean =>
  task.attempts.some((other) => other !== attempt && other.verdict?.accepted === true);

/**
 * The arbiter's last word. With it an attempt counts as paid: what pays is the schedule of the dispute, which the arbiter
 * signs once it has read its own decision here, and nothing else does from then on.
 */
export const applyDecision: Apply<'decision'> = (state, record, { at }, emit) => {
  const task = state.tasks.get(record.task);
  const attempt = attemptAt(task, record.attempt);
  const dispute = attempt?.dispute;
  if (task === undefined || attempt === undefined || dispute === undefined) return 'decision without a dispute';
  if (dispute.decision !== undefined) return 'decision given twice';
  if (attempt.payment !== undefined) return 'decision on what is paid';
  if (at <= dispute.at + DISPUTE_QUIET) return 'decision while what was signed before may still happen';
  const { pay, reason } = record;
  if (pay && attempt.verdict?.accepted !== true && hasOther(task, attempt)) return 'decision for a second result';
  dispute.decision = { pay, reason, at };
  state.disputed.delete(attempt);
  emit({ event: 'decided', task: record.task, attempt: record.attempt, agent: attempt.agent, pay, reason });
  if (pay) payAttempt(state, task, attempt, emit);
  else if (isOpen(attempt)) rejectOpen(state, task, attempt, { accepted: false, gate: ARBITER_GATE, reason, at }, emit);
  return undefined;
};

function payAttempt(state: RunState, task: TaskState, attempt: Attempt, emit: Emit): void {
  const { dispute, verdict } = attempt;
  if (dispute?.decision === undefined) return;
  const { reason, at } = dispute.decision;
  if (verdict?.accepted !== true) {
    attempt.verdict = { accepted: true, gate: ARBITER_GATE, reason, at };
    if (verdict === undefined) closeAttempt(state, attempt);
    else state.committed += attempt.price;
    // What has come to its end stays so: the arbiter says that work is paid, not that the run goes another way.
    if (!isTerminal(task.status) && state.closed === undefined) {
      task.need = 0;
      acceptTask(state, task);
    }
    endReview(state, task, attempt, emit);
    refreshJudgeable(state, task);
  }
  markPaid(state, task, attempt, { to: attempt.agent, amount: attempt.price, transfer: undefined, at }, emit);
}
