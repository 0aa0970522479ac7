import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import { attemptAt } from '../run/attempt-numbers.js';
import type { Apply } from './outcome.js';

/**
 * The ledger itself says that the deadline of a guarded attempt has passed. A guard left behind by a process that died
 * before it assigned the attempt speaks of another deadline, and too early.
 */
export const applyTimedOut: Apply<'timed_out'> = (state, record, entry) => {
  const attempt = attemptAt(state.tasks.get(record.task), record.attempt);
  if (attempt === undefined) return 'deadline of an attempt that was not assigned';
  if (attempt.result !== undefined || attempt.verdict !== undefined) return 'deadline of an attempt that is over';
  if (msFromNanos(entry.at) < attempt.deadlineMs) return 'deadline that has not come';
  if (attempt.timedOutAt !== undefined) return 'deadline told twice';
  attempt.timedOutAt = entry.at;
  state.overdue.add(attempt);
  return undefined;
};
