import { attemptAt } from '../run/attempt-numbers.js';
import { inboxKeyOf } from '../run/refused-assignment.js';
import type { Apply } from './outcome.js';

/** An attempt is no longer wanted, or never came into being; its agent was told on its inbox. */
export const applyCancel: Apply<'cancel'> = (state, record, entry) => {
  if (state.refused.delete(inboxKeyOf(entry.topic, record.task, record.attempt))) return undefined;
  const attempt = attemptAt(state.tasks.get(record.task), record.attempt);
  if (attempt === undefined || attempt.inbox !== entry.topic || attempt.cancelled) {
    return 'cancellation of an attempt that was not assigned';
  }
  attempt.cancelled = true;
  return undefined;
};
