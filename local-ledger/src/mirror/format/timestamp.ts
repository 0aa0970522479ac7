import type { Timestamp } from '@gatepost/local-ledger/gen/services_timestamp';
import type { Nanos } from '../../core/model.js';

const NANOS_PER_SECOND = 1_000_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;

/** `seconds.nanoseconds` with nine digits after the separator. */
export function formatNanos(nanos: Nanos, separator: '.' | '-' = '.'): string {
  const digits = nanos.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}${separator}${digits.slice(-9)}`;
}

/** Like formatNanos; null stays null and the mirror's "unknown" 0 becomes null. */
export function formatNullableNanos(nanos: Nanos | undefined): string | null {
  return nanos === undefined || nanos === 0n ? null : formatNanos(nanos);
}

/** Whether text is a timestamp as REST accepts it: seconds, or seconds with up to nine decimals. */
export function isTimestamp(text: string): boolean {
  return /^\d{1,10}(\.\d{1,9})?$/.test(text);
}

/** Nanoseconds of a text that isTimestamp accepts; missing decimals count as zeros on the right. */
export function parseTimestamp(text: string): Nanos {
  const [seconds = '0', decimals = ''] = text.split('.');
  return BigInt(seconds) * NANOS_PER_SECOND + BigInt(decimals.padEnd(9, '0'));
}

export function toProtoTimestamp(nanos: Nanos): Timestamp {
  return { seconds: nanos / NANOS_PER_SECOND, nanos: Number(nanos % NANOS_PER_SECOND) };
}

/** Nanoseconds of a protobuf timestamp, capped at the largest 64-bit value as on the real mirror. */
export function fromProtoTimestamp(timestamp: Timestamp): Nanos {
  const nanos = timestamp.seconds * NANOS_PER_SECOND + BigInt(timestamp.nanos);
  return nanos > MAX_INT64 ? MAX_INT64 : nanos;
}
