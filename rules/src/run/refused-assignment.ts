import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { keyOf } from './attempt.js';

/**
 * An assignment without effect: of a number that was given already, to an agent that has a part in it, beyond the budget.
 * Two processes that did not know of each other wrote it; its agent has to be told, or it works for nothing.
 */
export interface RefusedAssignment {
  readonly task: string;
  readonly attempt: number;
  readonly agent: AccountId;
  readonly inbox: TopicId;
  readonly reason: string;
}

/** Names an assignment by where it was written: two agents may have been given the same number. */
export const inboxKeyOf = (inbox: TopicId, task: string, attempt: number): string => `${inbox}:${keyOf(task, attempt)}`;
