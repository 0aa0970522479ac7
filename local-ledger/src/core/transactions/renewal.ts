import type { Duration } from '../../gen/services_duration.js';
import { limits } from '../limits.js';
import { demand, Status } from '../status.js';

/** Seconds of an auto-renew period within the allowed range. */
export function checkedRenewal(period: Duration, status: Status = Status.AUTORENEW_DURATION_NOT_IN_RANGE): bigint {
  const { seconds } = period;
  demand(seconds >= limits.minAutoRenewSeconds && seconds <= limits.maxAutoRenewSeconds, status);
  return seconds;
}
