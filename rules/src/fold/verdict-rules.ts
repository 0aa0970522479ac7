import type { Attempt } from '../run/attempt.js';
import { membersOf, type TaskState } from '../run/task-state.js';

/** Verdicts after which no further attempt is made, whatever the plan allows. */
export const FINAL_GATES = {
  /** No agent could be found in time. */
  unassignable: 'failed',
  /** The run's budget does not allow another attempt. */
  budget: 'failed',
  /** A person cancelled the task or the run. */
  cancelled: 'cancelled',
} as const satisfies Record<string, 'failed' | 'cancelled'>;

export type FinalGate = keyof typeof FINAL_GATES;

/** Whether a rejection by this gate is the task's last; a coordinator may write any text there, such as `constructor`. */
export const isFinalGate = (gate: string): gate is FinalGate => Object.hasOwn(FINAL_GATES, gate);

/** One result per task; of a quorum task every result that equals the accepted ones. */
export function mayAccept(task: TaskState, attempt: Attempt): boolean {
  if (task.status === 'failed' || task.status === 'cancelled') return false;
  const accepted = task.attempts.find((other) => other.verdict?.accepted === true);
  if (accepted === undefined) return true;
  return membersOf(task.spec) > 1 && accepted.result?.outputSha256 === attempt.result?.outputSha256;
}
