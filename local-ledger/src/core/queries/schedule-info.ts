import { SchedulableTransactionBody } from '@gatepost/local-ledger/gen/services_schedulable_transaction_body';
import type { ScheduleGetInfoQuery, ScheduleInfo } from '@gatepost/local-ledger/gen/services_schedule_get_info';
import { compareBytes } from '../bytes.js';
import { accountId, scheduleId, transactionId } from '../ids.js';
import { wireKey } from '../keys/primitive-key.js';
import type { Schedule } from '../model.js';
import { toTimestamp } from '../time.js';
import { knownSchedule } from '../transactions/schedule/known-schedule.js';
import { LEDGER_ID, type QueryHandler } from './query.js';

/** ScheduleGetInfo: executed and deleted schedules answer until they are purged at their expiry. */
export const getScheduleInfo: QueryHandler<ScheduleGetInfoQuery> = {
  isPaid: true,
  answer: (value, header, { state }) => ({
    $case: 'scheduleGetInfo',
    value: { header, scheduleInfo: infoOf(knownSchedule(state, value.scheduleID)) },
  }),
  bare: (header) => ({ $case: 'scheduleGetInfo', value: { header, scheduleInfo: undefined } }),
};

function infoOf(schedule: Schedule): ScheduleInfo {
  return {
    scheduleID: scheduleId(schedule.num),
    data: endOf(schedule),
    expirationTime: toTimestamp(schedule.expiry),
    scheduledTransactionBody: SchedulableTransactionBody.decode(schedule.body),
    memo: schedule.memo,
    adminKey: schedule.adminKey,
    signers: { keys: [...schedule.signatures].sort((a, b) => compareBytes(a.publicKey, b.publicKey)).map(wireKey) },
    creatorAccountID: accountId(schedule.creator),
    payerAccountID: accountId(schedule.payer),
    scheduledTransactionID: transactionId(schedule.scheduledTransactionId),
    ledgerId: LEDGER_ID,
    waitForExpiry: schedule.waitForExpiry,
  };
}

function endOf({ executed, deletedAt }: Schedule): ScheduleInfo['data'] {
  if (executed !== undefined) {
    return { $case: 'executionTime', value: toTimestamp(executed) };
  }
  return deletedAt === undefined ? undefined : { $case: 'deletionTime', value: toTimestamp(deletedAt) };
}
