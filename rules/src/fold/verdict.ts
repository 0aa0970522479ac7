import { type Nanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { mayGiveUp } from '../judging/giving-up.js';
import { type Attempt, type AttemptVerdict, isOpen } from '../run/attempt.js';
import { attemptAt, freeNumbers, nextNumber } from '../run/attempt-numbers.js';
import type { Emit } from '../run/change.js';
import { adopt, agentGateOf, findOrReview, reviewId } from '../run/review-id.js';
import type { RunState } from '../run/run-state.js';
import { isAccepted, isTerminal, membersOf, quorumOf, type TaskState } from '../run/task-state.js';
import { countsAgainstAgent, DEADLINE_GATE, LOST_GATE } from '../run/verdict-gates.js';
import { refreshJudgeable, roundIsIn } from './gate-index.js';
import type { Apply } from './outcome.js';
import { acceptTask, closeAttempt, countFailure, countLoss, enqueue, failTask } from './transitions.js';
import { FINAL_GATES, type FinalGate, isFinalGate, mayAccept } from './verdict-rules.js';

const finalGate = (gate: string): FinalGate | undefined => (isFinalGate(gate) ? gate : undefined);

/**
 * What was decided about an attempt; the first verdict is the only one. Beside a gatekeeper a coordinator can only give up
 * what was not delivered.
 */
export const applyVerdict: Apply<'verdict'> = (state, record, entry, emit) => {
  const task = findOrReview(state, record.task);
  if (task === undefined) return 'verdict on an unknown task';
  const attempt = attemptAt(task, record.attempt);
  const { gate, reason, accepted } = record;
  const told = { task: record.task, attempt: record.attempt, accepted, gate, reason };
  const { gatekeeper } = state.context;
  if (gatekeeper !== undefined && entry.author !== gatekeeper && (accepted || !mayGiveUp(task, attempt, gate))) {
    return 'verdict of a coordinator that does not judge';
  }
  if (attempt === undefined) {
    const final = finalGate(gate);
    if (accepted || final === undefined || !isWanted(task, record.attempt) || isTerminal(task.status)) {
      return 'verdict on an attempt that was not assigned';
    }
    adopt(state, task);
    emit({ event: 'rejected', ...told, agent: undefined });
    failTask(state, task, FINAL_GATES[final], `${gate}: ${reason}`, emit);
    return undefined;
  }
  if (attempt.verdict !== undefined) return 'verdict given twice';
  if (accepted && attempt.result?.ok !== true) return 'acceptance without a result';
  if (accepted && !mayAccept(task, attempt)) return 'acceptance of a second result';
  if (!accepted && gate === DEADLINE_GATE && !isLate(attempt, entry.at)) return 'rejection as late of what is not';
  attempt.verdict = { accepted, gate, reason, at: entry.at };
  closeAttempt(state, attempt);
  emit({ event: accepted ? 'verdict' : 'rejected', ...told, agent: attempt.agent });
  if (accepted) accept(state, task, attempt, emit);
  else reject(state, task, attempt, emit);
  endReview(state, task, attempt, emit);
  refreshJudgeable(state, task);
  state.tasks.rest(task.spec.id);
  return undefined;
};

const OVER = 'what it reviews is decided';

/** A review is asked for again only while what it reviews is undecided. */
export function endReview(state: RunState, { spec }: TaskState, { number }: Attempt, emit: Emit): void {
  if (agentGateOf(spec) === undefined) return;
  const review = state.tasks.get(reviewId(spec.id, number));
  if (review === undefined || isTerminal(review.status) || review.need === 0) return;
  failTask(state, review, 'cancelled', OVER, emit);
}

const isReviewed = (state: RunState, { reviews }: TaskState): boolean =>
  reviews !== undefined && attemptAt(state.tasks.get(reviews.task), reviews.attempt)?.verdict !== undefined;

/** Whether a number that was not assigned is one the task still wants, or would want next. */
const isWanted = (task: TaskState, number: number): boolean =>
  freeNumbers(task).includes(number) || number === nextNumber(task);

/** Whether an attempt may be called late now: its deadline has passed, and no result had come by then. */
const isLate = ({ deadlineMs, result }: Attempt, at: Nanos): boolean =>
  at > nanosFromMs(deadlineMs) && (result === undefined || result.at > nanosFromMs(deadlineMs));

/** A member of a quorum is owed its price only once enough others agree. */
function accept(state: RunState, task: TaskState, attempt: Attempt, emit: Emit): void {
  const worker = state.agents.get(attempt.agent);
  if (worker !== undefined) {
    worker.losses = 0;
    worker.failures = 0;
  }
  const agreed = acceptedOf(task);
  if (isTerminal(task.status)) owe(state, [attempt]);
  else if (agreed.length >= (quorumOf(task.spec)?.agree ?? 1)) {
    owe(state, agreed);
    acceptTask(state, task);
  } else if (roundIsLost(task, attempt)) endRound(state, task, 'quorum: too few agree', emit);
}

const acceptedOf = (task: TaskState): Attempt[] => task.attempts.filter(({ verdict }) => verdict?.accepted === true);

function owe(state: RunState, attempts: readonly Attempt[]): void {
  for (const attempt of attempts) {
    const { price, payment, dispute } = attempt;
    if (price > 0n && payment === undefined && dispute === undefined) state.payable.add(attempt);
  }
}

/** The arbiter will not have an attempt paid that nobody has decided about. */
export function rejectOpen(
  state: RunState,
  task: TaskState,
  attempt: Attempt,
  verdict: AttemptVerdict,
  emit: Emit,
): void {
  attempt.verdict = verdict;
  closeAttempt(state, attempt);
  const { task: id, number, agent } = attempt;
  const { gate, reason } = verdict;
  emit({ event: 'rejected', task: id, attempt: number, agent, accepted: false, gate, reason });
  reject(state, task, attempt, emit);
  endReview(state, task, attempt, emit);
  refreshJudgeable(state, task);
}

function reject(state: RunState, task: TaskState, attempt: Attempt, emit: Emit): void {
  state.committed -= attempt.price;
  const { verdict, superseded, agent } = attempt;
  if (verdict !== undefined && !superseded && countsAgainstAgent(verdict)) countFailure(state, agent, verdict.at);
  if (isTerminal(task.status)) return;
  const { gate, reason } = attempt.verdict ?? { gate: '', reason: '' };
  const final = finalGate(gate);
  if (final !== undefined) {
    failTask(state, task, FINAL_GATES[final], `${gate}: ${reason}`, emit);
  } else if (gate === LOST_GATE && membersOf(task.spec) > 1) {
    replaceMember(state, task, attempt);
  } else if (roundIsLost(task, attempt)) {
    endRound(state, task, `${gate}: ${reason}`, emit);
  } else if (isAccepted(task.status) === false && task.attempts.some(isOpen)) {
    task.status = task.attempts.some((other) => isOpen(other) && other.result !== undefined) ? 'review' : 'assigned';
  }
}

/** The agent of a quorum's member was lost: the round wants another in its place. */
function replaceMember(state: RunState, task: TaskState, { agent, verdict, round }: Attempt): void {
  if (verdict !== undefined) countLoss(state, agent, verdict.at);
  if (round !== task.failures + 1) return;
  task.need += 1;
  state.ready.pushFirst({ task: task.spec.id, round: task.failures }, task.spec.type, task.spec.agent);
}

/** A quorum's round is lost when all its members are decided; any other task's when its newest attempt is. */
function roundIsLost(task: TaskState, attempt: Attempt): boolean {
  if (membersOf(task.spec) === 1) return attempt.number === task.attempts.length;
  return roundIsIn(task) && !task.attempts.some(isOpen);
}

/**
 * Some of a quorum's equal outputs may have been accepted and others rejected, by processes of which one did not know
 * of the other: nothing good can be built on that, and nobody is paid for it.
 */
function endRound(state: RunState, task: TaskState, reason: string, emit: Emit): void {
  const accepted = acceptedOf(task);
  if (accepted.length === 0) {
    nextRound(state, task, reason, emit);
    return;
  }
  for (const { price } of accepted) state.committed -= price;
  failTask(state, task, 'failed', `${reason} (equal outputs were both accepted and rejected)`, emit);
}

function nextRound(state: RunState, task: TaskState, reason: string, emit: Emit): void {
  task.failures += 1;
  task.reason = reason;
  if (task.failures >= task.spec.attempts) {
    failTask(state, task, 'failed', `${reason} (attempt ${task.failures} of ${task.spec.attempts})`, emit);
    return;
  }
  if (isReviewed(state, task)) {
    failTask(state, task, 'cancelled', OVER, emit);
    return;
  }
  task.status = 'pending';
  task.need = membersOf(task.spec);
  task.directive = undefined;
  enqueue(state, task);
}
