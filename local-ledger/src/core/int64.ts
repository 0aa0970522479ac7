import { limits } from './limits.js';

/**
 * Whether an unsigned 64-bit field holds a value that the network, which reads it as a signed one, does not see as
 * negative.
 */
export function isNonNegative(value: bigint): boolean {
  return value >= 0n && value <= limits.maxInt64;
}

/** The smaller of two amounts. */
export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
