import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { hasWorkForGates } from '../fold/gate-index.js';
import { isFinalGate, mayAccept } from '../fold/verdict-rules.js';
import { type Attempt, isOpen } from '../run/attempt.js';
import { isTerminal, membersOf, type TaskState } from '../run/task-state.js';

/** Whether an attempt has an output that came in time and could still be accepted: whoever judges has to say so or not. */
const isDelivered = (task: TaskState, attempt: Attempt): boolean =>
  isOpen(attempt) &&
  attempt.result?.ok === true &&
  attempt.result.at <= nanosFromMs(attempt.deadlineMs) &&
  mayAccept(task, attempt);

/**
 * Whether a coordinator that does not judge may reject an attempt: only what was not delivered, and not so that something
 * that was is lost with it.
 * @param attempt undefined for one that was not assigned.
 */
export function mayGiveUp(task: TaskState, attempt: Attempt | undefined, gate: string): boolean {
  if (attempt !== undefined && isDelivered(task, attempt)) return false;
  if (isTerminal(task.status) || !task.attempts.some((other) => isDelivered(task, other))) return true;
  // The round would end, and with it the task perhaps. That of a quorum goes on without a member; a member that is still
  // wanted may be given up for good, as it may be left unassigned for ever.
  if (membersOf(task.spec) > 1) return !isFinalGate(gate) || !hasWorkForGates(task);
  // Any other round hangs on its newest attempt: one whose work was given to another can go without harm.
  return attempt !== undefined && attempt.number < task.attempts.length && !isFinalGate(gate);
}
