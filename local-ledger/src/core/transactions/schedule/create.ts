import { SchedulableTransactionBody } from '@gatepost/local-ledger/gen/services_schedulable_transaction_body';
import type { ScheduleCreateTransactionBody } from '@gatepost/local-ledger/gen/services_schedule_create';
import { prices } from '../../fees/price-list.js';
import { checkGivenKey } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import type { EntityNum, Nanos, Schedule } from '../../model.js';
import { scheduleContent } from '../../state/schedule-content.js';
import { demand, fail, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { secondsToNanos, wholeSeconds } from '../../time.js';
import { anyAccount } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';
import { neededKeys, scheduledBody, scheduledOperation } from './scheduled-body.js';
import { isFullySigned } from './signatories.js';

type Create = ScheduleCreateTransactionBody;

/** ScheduleCreate (HIP-423): stores a transaction until its signatures are there, or until its expiry. */
export const scheduleCreate: TransactionHandler<Create> = {
  name: 'SCHEDULECREATE',
  schedulable: false,

  pureChecks(value) {
    demand(value.scheduledTransactionBody !== undefined, Status.INVALID_TRANSACTION);
    demand(!value.waitForExpiry || value.expirationTime !== undefined, Status.MISSING_EXPIRY_TIME);
  },

  preHandle(value, context) {
    checkGivenKey(value.adminKey, Status.INVALID_ADMIN_KEY);
    innerPayer(value, context);
    return [value.adminKey ?? []].flat();
  },

  handle(value, context) {
    const { state, outcome } = context;
    checkMemo(value.memo);
    checkMemo(value.scheduledTransactionBody?.memo ?? '');
    const draft = newSchedule(value, context);
    const body = scheduledBody(draft);
    const operation = scheduledOperation(body, context.operationOf);
    refuseIdentical(draft, context);
    demand(
      state.schedulesAt(wholeSeconds(draft.expiry)).length < limits.schedulesPerSecond,
      Status.SCHEDULE_EXPIRY_IS_BUSY,
    );
    operation.pureChecks(body);
    const keys = neededKeys(operation, { state, payer: draft.payer });
    const schedule = { ...draft, num: state.newEntity(), signatures: context.signaturesBy(keys) };
    state.schedules.put(schedule.num, schedule);
    outcome.entity = schedule.num;
    outcome.scheduleId = schedule.num;
    outcome.scheduledTransactionId = schedule.scheduledTransactionId;
    if (!schedule.waitForExpiry && isFullySigned(schedule, keys)) {
      outcome.executes = schedule.num;
    }
  },

  fee: (value) => feeWithKeys(prices.scheduleCreate, [value.adminKey], 1),
};

function innerPayer(value: Create, { state, payer }: KeyContext): EntityNum {
  const id = value.payerAccountID;
  return id === undefined ? payer : anyAccount(state, id, Status.ACCOUNT_ID_DOES_NOT_EXIST).num;
}

function newSchedule(value: Create, context: HandleContext): Schedule {
  const inner = value.scheduledTransactionBody ?? fail(Status.INVALID_TRANSACTION);
  return {
    num: 0,
    creator: context.payer,
    payer: innerPayer(value, context),
    adminKey: value.adminKey,
    memo: value.memo,
    body: SchedulableTransactionBody.encode(inner).finish(),
    scheduledTransactionId: { ...context.transactionId, scheduled: true },
    waitForExpiry: value.waitForExpiry,
    expiry: checkedExpiry(value, context.now),
    expiryExplicit: value.expirationTime !== undefined,
    created: context.now,
    executed: undefined,
    deletedAt: undefined,
    signatures: [],
  };
}

/** Expiries are whole seconds, later than now and at most 62 days away. */
function checkedExpiry({ expirationTime }: Create, now: Nanos): Nanos {
  const current = wholeSeconds(now);
  if (expirationTime === undefined) {
    return secondsToNanos(current + limits.scheduleDefaultLifeSeconds);
  }
  const { seconds } = expirationTime;
  demand(seconds > current, Status.SCHEDULE_EXPIRATION_TIME_MUST_BE_HIGHER_THAN_CONSENSUS_TIME);
  demand(seconds <= current + limits.scheduleMaxFutureSeconds, Status.SCHEDULE_EXPIRATION_TIME_TOO_FAR_IN_FUTURE);
  return secondsToNanos(seconds);
}

/** The receipt of the refusal names the schedule that is already there. */
function refuseIdentical(draft: Schedule, { state, outcome }: HandleContext): void {
  const existing = state.schedules.get(state.identicalSchedule(scheduleContent(draft)) ?? 0);
  if (existing !== undefined) {
    outcome.scheduleId = existing.num;
    outcome.scheduledTransactionId = existing.scheduledTransactionId;
    fail(Status.IDENTICAL_SCHEDULE_ALREADY_CREATED);
  }
}
