import type { ScheduleDeleteTransactionBody } from '@gatepost/local-ledger/gen/services_schedule_delete';
import { prices } from '../../fees/price-list.js';
import { demand, fail, Status } from '../../status.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { knownSchedule } from './known-schedule.js';

/** ScheduleDelete: the schedule will never run; it stays visible until its expiry. */
export const scheduleDelete: TransactionHandler<ScheduleDeleteTransactionBody> = {
  name: 'SCHEDULEDELETE',
  schedulable: false,

  pureChecks(value) {
    demand(value.scheduleID !== undefined, Status.INVALID_SCHEDULE_ID);
  },

  preHandle(value, { state }) {
    const schedule = knownSchedule(state, value.scheduleID);
    demand(schedule.deletedAt === undefined, Status.SCHEDULE_ALREADY_DELETED);
    demand(schedule.executed === undefined, Status.SCHEDULE_ALREADY_EXECUTED);
    return [schedule.adminKey ?? fail(Status.SCHEDULE_IS_IMMUTABLE)];
  },

  handle(value, { state, now, outcome }) {
    const schedule = knownSchedule(state, value.scheduleID);
    state.schedules.put(schedule.num, { ...schedule, deletedAt: now });
    outcome.entity = schedule.num;
    outcome.scheduleId = schedule.num;
  },

  fee: () => flatFee(prices.scheduleOperation),
};
