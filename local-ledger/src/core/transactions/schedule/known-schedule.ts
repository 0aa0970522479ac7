import type { ScheduleID } from '@gatepost/local-ledger/gen/services_basic_types';
import { scheduleNum } from '../../ids.js';
import type { Schedule } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { present, Status } from '../../status.js';

/** A schedule that has not been purged; it may be executed or deleted. */
export function knownSchedule(state: LedgerState, id: ScheduleID | undefined): Schedule {
  const num = present(scheduleNum(id), Status.INVALID_SCHEDULE_ID);
  return present(state.schedules.get(num), Status.INVALID_SCHEDULE_ID);
}
