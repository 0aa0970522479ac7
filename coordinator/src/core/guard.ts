import type { AnyRecord } from '@gatepost/shared/records/schema';
import { SCHEDULE_CREATE_PRICE, SCHEDULE_DELETE_PRICE, type Tinycents } from '@gatepost/shared/vocabulary/fees';

/** What a guard costs: a scheduled transaction, and its deletion when the attempt is decided in time. */
export const GUARD_PRICE: Tinycents = SCHEDULE_CREATE_PRICE + SCHEDULE_DELETE_PRICE;

/** What the ledger posts when nobody has taken the guard away. */
export const guardRecord = ({ task, attempt }: { readonly task: string; readonly attempt: number }): AnyRecord => ({
  type: 'timed_out',
  task,
  attempt,
});
