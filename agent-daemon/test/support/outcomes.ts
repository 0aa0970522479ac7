import { scheduleId, type TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';

const ID = '0.0.20@1.000000001' as TransactionId;

/** The schedule of the n-th lease of a test. */
export const schedule = (number: number) => scheduleId(`0.0.${100 + number}`);

export const never = (id = ID): Outcome => ({ kind: 'never', id, why: 'nobody answers' });
export const unknown = (id = ID): Outcome => ({ kind: 'unknown', id, why: 'nobody answers' });
export const refused = (status: string, id = ID): Outcome => ({ kind: 'refused', id, status });

/** @param lease number of the schedule that was created. */
export function done(lease?: number, id = ID): Outcome {
  const none = { accountId: undefined, topicId: undefined, tokenId: undefined, topicSequenceNumber: undefined };
  return { kind: 'done', receipt: { id, ...none, scheduleId: lease === undefined ? undefined : schedule(lease) } };
}
