import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Assignment } from './assignment.js';

/** What this agent does, and for what. */
export interface Offer {
  /** The only token it works for. */
  readonly token: TokenId;
  readonly hasExecutor: (taskType: string) => boolean;
}

/**
 * Why this agent does not do what its inbox assigns, in the words of the failed `result` that says so on the journal;
 * undefined when it does.
 */
export function objection({ taskType, token }: Assignment, offer: Offer): string | undefined {
  if (token !== offer.token) return `this agent works for token ${offer.token}; the assignment pays in ${token}`;
  if (!offer.hasExecutor(taskType)) return `this agent has no executor for ${JSON.stringify(taskType)}`;
  return undefined;
}
