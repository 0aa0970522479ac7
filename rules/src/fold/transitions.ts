import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import { type Attempt, type AttemptPayment, isOpen } from '../run/attempt.js';
import type { Emit } from '../run/change.js';
import type { RunState, SequenceState } from '../run/run-state.js';
import { isAccepted, isTerminal, membersOf, type TaskState } from '../run/task-state.js';

/** Queues a task that may be assigned; reviews are asked for by name instead. */
export function enqueue(state: RunState, task: TaskState): void {
  if (task.reviews !== undefined) return;
  const { spec } = task;
  const last = task.attempts.at(-1);
  // One agent cannot be a whole quorum.
  const again = spec.retry === 'same' && membersOf(spec) === 1;
  const agent = spec.agent ?? (again ? last?.agent : undefined);
  state.ready.push({ task: spec.id, round: task.failures }, spec.type, agent);
}

function release(state: RunState, id: string): void {
  const task = state.tasks.get(id);
  if (task === undefined) return;
  task.waiting -= 1;
  if (task.waiting === 0 && task.status === 'pending') enqueue(state, task);
}

/** Opens sequences that wait for nothing any more, and those that follow if there is nothing in them. */
export function openSequences(state: RunState, from: Iterable<SequenceState>): void {
  const work = [...from];
  for (let sequence = work.pop(); sequence !== undefined; sequence = work.pop()) {
    for (const task of sequence.tasks) release(state, task);
    if (sequence.remaining === 0) work.push(...followersOpened(state, sequence));
  }
}

function followersOpened(state: RunState, done: SequenceState): SequenceState[] {
  const opened: SequenceState[] = [];
  for (const id of done.followers) {
    const follower = state.sequences.get(id);
    if (follower === undefined) continue;
    follower.waiting -= 1;
    if (follower.waiting === 0) opened.push(follower);
  }
  return opened;
}

/** The task's work is accepted: what waits for it may start, what else runs for it is surplus. */
export function acceptTask(state: RunState, task: TaskState): void {
  task.status = 'complete';
  task.reason = undefined;
  state.unfinished -= 1;
  if (membersOf(task.spec) === 1) markSurplus(state, task);
  for (const dependant of state.dependants.get(task.spec.id) ?? []) release(state, dependant);
  const sequence = state.sequences.get(task.spec.sequence);
  if (sequence === undefined) return;
  sequence.remaining -= 1;
  if (sequence.remaining === 0 && sequence.waiting === 0) openSequences(state, followersOpened(state, sequence));
}

function markSurplus(state: RunState, task: TaskState): void {
  for (const attempt of task.attempts) if (isOpen(attempt)) state.surplus.add(attempt);
}

/** The task will not be done: everything that waits for it, itself or as a sequence, is blocked. */
export function failTask(
  state: RunState,
  task: TaskState,
  status: 'failed' | 'cancelled',
  reason: string,
  emit: Emit,
): void {
  task.status = status;
  task.need = 0;
  task.reason = reason;
  state.unfinished -= 1;
  if (task.reviews === undefined) state.lost += 1;
  state.judgeable.delete(task.spec.id);
  markSurplus(state, task);
  emit({ event: status, task: task.spec.id, reason });
  if (task.reviews === undefined) blockDependants(state, task, emit);
}

function blockDependants(state: RunState, failed: TaskState, emit: Emit): void {
  const work: TaskState[] = [failed];
  for (let cause = work.pop(); cause !== undefined; cause = work.pop()) {
    for (const id of state.dependants.get(cause.spec.id) ?? []) block(state, id, cause, work, emit);
    for (const sequence of doomedBy(state, cause)) {
      for (const id of sequence.tasks) block(state, id, cause, work, emit);
    }
  }
}

/** Sequences that can never start now because a task of an earlier one is lost; each is told once. */
function doomedBy(state: RunState, cause: TaskState): SequenceState[] {
  const doomed: SequenceState[] = [];
  const work = [...(state.sequences.get(cause.spec.sequence)?.followers ?? [])];
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    const sequence = state.sequences.get(id);
    if (sequence === undefined || sequence.doomed) continue;
    sequence.doomed = true;
    doomed.push(sequence);
    work.push(...sequence.followers);
  }
  return doomed;
}

function block(state: RunState, id: string, cause: TaskState, work: TaskState[], emit: Emit): void {
  const task = state.tasks.get(id);
  if (task === undefined || isTerminal(task.status)) return;
  task.status = 'blocked';
  task.need = 0;
  task.reason = `waits for ${cause.spec.id}, which is ${cause.status}`;
  state.unfinished -= 1;
  state.lost += 1;
  emit({ event: 'blocked', task: id, reason: task.reason });
  work.push(task);
}

/** An agent was lost with work of ours: it gets less for a while. */
export function countLoss(state: RunState, agent: AccountId, at: Nanos): void {
  const loser = state.agents.get(agent);
  if (loser === undefined) return;
  loser.losses += 1;
  loser.lastLossMs = msFromNanos(at);
}

/** What an agent was asked for was not had from it: others are asked rather. */
export function countFailure(state: RunState, agent: AccountId, at: Nanos): void {
  const worker = state.agents.get(agent);
  if (worker === undefined) return;
  worker.failures += 1;
  worker.lastFailureMs = msFromNanos(at);
}

/** An agent has delivered an attempt, or it is not wanted any more. */
export function freeSlot(state: RunState, { agent }: Attempt): void {
  const worker = state.agents.get(agent);
  if (worker !== undefined) worker.busy -= 1;
}

/** Something was decided about an attempt: it no longer counts as open. */
export function closeAttempt(state: RunState, attempt: Attempt): void {
  state.openAttempts -= 1;
  if (attempt.result === undefined) state.working -= 1;
  if (attempt.result?.ok !== true) freeSlot(state, attempt);
  state.overdue.delete(attempt);
  state.surplus.delete(attempt);
  state.agents.get(attempt.agent)?.open.delete(attempt);
}

/** An attempt was paid, or is paid by what the arbiter decided. */
export function markPaid(
  state: RunState,
  task: TaskState,
  attempt: Attempt,
  payment: AttemptPayment,
  emit: Emit,
): void {
  attempt.payment = payment;
  state.payable.delete(attempt);
  state.disputed.delete(attempt);
  state.paid += payment.amount;
  state.tasks.rest(task.spec.id);
  const done = task.attempts.every((other) => other.verdict?.accepted !== true || other.payment !== undefined);
  if (done && isAccepted(task.status)) task.status = 'paid';
  const { agent, number } = attempt;
  const { amount, transfer } = payment;
  emit({ event: 'settled', task: attempt.task, attempt: number, agent, amount, transfer });
}
