import { attemptAt } from '../run/attempt-numbers.js';
import { isTerminal } from '../run/task-state.js';
import type { Apply } from './outcome.js';

/** A person's word: on a result, or that a task or the run is no longer wanted. */
export const applyDirective: Apply<'directive'> = (state, record, { author }) => {
  const { action, reason } = record;
  const { coordinator, gatekeeper = coordinator } = state.context;
  if (author !== (action === 'cancel' ? coordinator : gatekeeper)) return 'directive of who has no say in that';
  if (record.task === undefined) {
    if (action !== 'cancel') return 'directive without a task';
    state.cancelReason = reason;
    return undefined;
  }
  const task = state.tasks.get(record.task);
  if (task === undefined || isTerminal(task.status)) return 'directive for a task that is unknown or over';
  if (action === 'cancel') {
    state.cancelled.set(record.task, reason);
    return undefined;
  }
  const attempt = record.attempt === undefined ? undefined : attemptAt(task, record.attempt);
  if (record.attempt !== undefined && attempt?.verdict !== undefined) return 'directive for an older attempt';
  task.directive = { attempt: record.attempt, approve: action === 'approve', reason };
  return undefined;
};
