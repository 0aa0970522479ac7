import type { Timestamp } from '@gatepost/local-ledger/gen/services_timestamp';
import type { Nanos } from './model.js';

export const NANOS_PER_SECOND = 1_000_000_000n;

/** Nanoseconds since the epoch of a wire timestamp. */
export function toNanos(timestamp: Timestamp): Nanos {
  return timestamp.seconds * NANOS_PER_SECOND + BigInt(timestamp.nanos);
}

/** The wire form of nanoseconds since the epoch. */
export function toTimestamp(nanos: Nanos): Timestamp {
  return { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) };
}

export function secondsToNanos(seconds: bigint): Nanos {
  return seconds * NANOS_PER_SECOND;
}

/** Whole seconds since the epoch. */
export function wholeSeconds(nanos: Nanos): bigint {
  return nanos / NANOS_PER_SECOND;
}

/** An expiry as queries show it: the network keeps expiries in whole seconds. */
export function toWholeTimestamp(nanos: Nanos): Timestamp {
  return { seconds: wholeSeconds(nanos), nanos: 0 };
}

const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND;

/** Start of the staking period, a day of UTC, in which a stake was set. */
export function stakePeriodStart(since: Nanos): Nanos {
  return since - (since % NANOS_PER_DAY);
}
