import { attemptAt } from '../run/attempt-numbers.js';
import type { Apply } from './outcome.js';

/** An attempt is no longer wanted; its agent was told on its inbox. */
export const applyCancel: Apply<'cancel'> = (state, record) => {
  const attempt = attemptAt(state.tasks.get(record.task), record.attempt);
  if (attempt === undefined || attempt.cancelled) return 'cancellation of an attempt that was not assigned';
  attempt.cancelled = true;
  return undefined;
};
