import type { Duration } from '@gatepost/local-ledger/gen/services_duration';
import type { Timestamp } from '@gatepost/local-ledger/gen/services_timestamp';
import { limits } from '../limits.js';
import type { Nanos } from '../model.js';
import { demand, Status } from '../status.js';
import { secondsToNanos, wholeSeconds } from '../time.js';

/** Seconds of an auto-renew period within the allowed range. */
export function checkedRenewal(period: Duration, status: Status = Status.AUTORENEW_DURATION_NOT_IN_RANGE): bigint {
  const { seconds } = period;
  demand(seconds >= limits.minAutoRenewSeconds && seconds <= limits.maxAutoRenewSeconds, status);
  return seconds;
}

/** An account's auto-renew period, for which the network has a code of its own when there is none to speak of. */
export function accountRenewal(period: Duration): bigint {
  demand(period.seconds > 0n, Status.INVALID_RENEWAL_PERIOD);
  return checkedRenewal(period);
}

/** The expiry that an update names: later than now, no earlier than the current one; only whole seconds count. */
export function checkedExpiry({ seconds }: Timestamp, current: Nanos, now: Nanos): Nanos {
  const start = wholeSeconds(now);
  demand(seconds > start && seconds <= start + limits.maxAutoRenewSeconds, Status.INVALID_EXPIRATION_TIME);
  demand(seconds >= wholeSeconds(current), Status.EXPIRATION_REDUCTION_NOT_ALLOWED);
  return secondsToNanos(seconds);
}
