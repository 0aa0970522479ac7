import type { RunHistory, TaskHistory } from './history.js';

/** A check that is shown the tasks of a run one by one; putting a task together is what costs, so several look at once. */
export interface TaskCheck {
  /** A task, or a review, with all its attempts. */
  readonly task: (task: string, attempts: TaskHistory['attempts']) => void;
  /** All were shown. */
  readonly end?: () => void;
}

/** Shows the tasks of a run to several checks. */
export function showTasks({ tasks }: RunHistory, checks: readonly TaskCheck[]): void {
  for (const [task, attempts] of tasks) for (const check of checks) check.task(task, attempts);
  for (const { end } of checks) end?.();
}
