import { type Attempt, isOpen } from '../run/attempt.js';
import type { RunState } from '../run/run-state.js';
import { isAccepted, isTerminal, membersOf, quorumOf, type TaskState } from '../run/task-state.js';

/** Keeps the index of tasks the gates must look at. */
export function refreshJudgeable(state: RunState, task: TaskState): void {
  if (hasWorkForGates(task)) state.judgeable.add(task.spec.id);
  else state.judgeable.delete(task.spec.id);
}

/** Whether there is something about a task that gates can say by now. */
export function hasWorkForGates(task: TaskState): boolean {
  const undecided = task.attempts.filter((attempt) => isOpen(attempt) && attempt.result !== undefined);
  if (undecided.length === 0) return false;
  if (membersOf(task.spec) === 1) return !isTerminal(task.status);
  if (isTerminal(task.status) && !isAccepted(task.status)) return false;
  if (isAccepted(task.status) || undecided.some((attempt) => attempt.result?.ok === false)) return true;
  return largestAgreement(task).length >= (quorumOf(task.spec)?.agree ?? 1) || roundIsIn(task);
}

/** Undecided or accepted attempts of the current round with the most frequent output; the first reported wins a tie. */
export function largestAgreement(task: TaskState): Attempt[] {
  const groups = new Map<string, Attempt[]>();
  for (const attempt of task.attempts) {
    const digest = attempt.result?.ok === true ? attempt.result.outputSha256 : undefined;
    if (digest === undefined || attempt.round !== task.failures + 1 || attempt.verdict?.accepted === false) continue;
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [attempt]);
    else group.push(attempt);
  }
  return [...groups.values()].reduce<Attempt[]>((best, group) => (group.length > best.length ? group : best), []);
}

/** Whether nobody of the current round is still at work. */
export function roundIsIn(task: TaskState): boolean {
  return task.need === 0 && task.attempts.every((attempt) => !isOpen(attempt) || attempt.result !== undefined);
}
