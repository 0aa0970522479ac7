import { isTimestamp, parseTimestamp } from '../format/timestamp.js';
import { type Filter, filtersOf } from '../query/filters.js';
import { javaError } from '../query/http-error.js';
import { rangeOf } from '../query/range.js';

/**
 * Checks the `timestamp` filters of the network resources: at most two, no `ne`, not contradictory. Throws
 * HttpError 400 in the wording of the network's Java service. Returns the newest time they allow, or undefined.
 */
export function checkTimestamps(filters: readonly Filter[]): bigint | undefined {
  const times = filtersOf(filters, 'timestamp');
  if (times.length > 2) throw javaError(400, 'timestamp size must be between 0 and 2');
  if (times.some(({ operator, value }) => operator === 'ne' || !isTimestamp(value))) {
    throw javaError(400, "Failed to convert 'timestamp'");
  }
  if (times.length === 0) return undefined;
  const asOf = times.map((one) => (one.operator === 'eq' ? { ...one, operator: 'lte' as const } : one));
  const range = rangeOf(asOf, parseTimestamp, 'any');
  if (range.lower > range.upper) throw javaError(400, 'Invalid range provided for timestamp');
  return range.upper;
}
