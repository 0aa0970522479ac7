import type { ScheduleCreateTransaction, ScheduleDeleteTransaction } from '@hashgraph/sdk';
import type { Action } from '../ledger/ledger.js';
import { GatepostError } from '../vocabulary/errors.js';
import type { ScheduleId } from '../vocabulary/ids.js';
import { SCHEDULE_GONE } from '../vocabulary/outcome.js';
import { NANOS_PER_SECOND } from '../vocabulary/time.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { messageTransaction } from './topics.js';
import { rejectionStatus, send } from './transaction.js';

export type ScheduledMessage = Omit<Extract<Action, { kind: 'schedule' }>, 'kind'>;

/**
 * Asks the network to post a topic message at a time (HIP-423, wait-for-expiry), paid by the connection's account,
 * which alone may delete it. Costs $0.01, and the message's fee when it is posted.
 */
export const scheduleCreation = (connection: Connection, scheduled: ScheduledMessage): ScheduleCreateTransaction =>
  new sdk.ScheduleCreateTransaction()
    .setScheduledTransaction(messageTransaction(scheduled.topic, scheduled.message))
    .setScheduleMemo(scheduled.memo)
    .setAdminKey(connection.key.publicKey)
    .setPayerAccountId(sdk.AccountId.fromString(connection.account))
    .setExpirationTime(new sdk.Timestamp(Number(scheduled.expiresAt / NANOS_PER_SECOND), 0))
    .setWaitForExpiry(true);

/** Schedules a message at once; see `scheduleCreation`. @throws GatepostError as `send` does. */
export async function scheduleMessage(connection: Connection, scheduled: ScheduledMessage): Promise<ScheduleId> {
  const { scheduleId: created } = await send(connection, scheduleCreation(connection, scheduled));
  if (created === undefined) throw new GatepostError('INTERNAL', 'a schedule was created but its receipt names none');
  return created;
}

/** Deletes a schedule, on its own or in a batch. */
export const scheduleDeletion = (id: ScheduleId): ScheduleDeleteTransaction =>
  new sdk.ScheduleDeleteTransaction().setScheduleId(id);

/** Deletes a schedule of the connection's account; says whether it was still pending. Costs $0.001. */
export async function deleteSchedule(connection: Connection, id: ScheduleId): Promise<boolean> {
  try {
    await send(connection, scheduleDeletion(id));
    return true;
  } catch (error) {
    if (SCHEDULE_GONE.has(rejectionStatus(error) ?? '')) return false;
    throw error;
  }
}
