import type { ScheduleSignTransactionBody } from '@gatepost/local-ledger/gen/services_schedule_sign';
import { prices } from '../../fees/price-list.js';
import { demand, Status } from '../../status.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { knownSchedule } from './known-schedule.js';
import { neededKeys, scheduledBody, scheduledOperation } from './scheduled-body.js';
import { isFullySigned, newSignatures } from './signatories.js';

/** ScheduleSign: adds signatures to a schedule; the one that completes it makes it run. */
export const scheduleSign: TransactionHandler<ScheduleSignTransactionBody> = {
  name: 'SCHEDULESIGN',
  schedulable: false,

  pureChecks(value) {
    demand(value.scheduleID !== undefined, Status.INVALID_SCHEDULE_ID);
  },

  preHandle(value, { state }) {
    knownSchedule(state, value.scheduleID);
    return [];
  },

  handle(value, context) {
    const { state, outcome } = context;
    const schedule = knownSchedule(state, value.scheduleID);
    demand(schedule.executed === undefined, Status.SCHEDULE_ALREADY_EXECUTED);
    demand(schedule.deletedAt === undefined, Status.SCHEDULE_ALREADY_DELETED);
    const operation = scheduledOperation(scheduledBody(schedule), context.operationOf);
    const keys = neededKeys(operation, { state, payer: schedule.payer });
    const added = newSignatures(schedule, context.signaturesBy(keys));
    const signed = { ...schedule, signatures: [...schedule.signatures, ...added] };
    const isComplete = !schedule.waitForExpiry && isFullySigned(signed, keys);
    demand(added.length > 0 || isComplete, Status.NO_NEW_VALID_SIGNATURES);
    if (added.length > 0) {
      state.schedules.put(schedule.num, signed);
    }
    outcome.entity = schedule.num;
    outcome.scheduledTransactionId = schedule.scheduledTransactionId;
    if (isComplete) {
      outcome.executes = schedule.num;
    }
  },

  fee: () => flatFee(prices.scheduleOperation),
};
