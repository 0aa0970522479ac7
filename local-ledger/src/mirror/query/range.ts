import { larger, smaller } from '../format/bigints.js';
import type { Filter } from './filters.js';

/** The integers a set of filters on one parameter leaves, all conditions holding together. */
export interface Range {
  /** Smallest and largest value, both included. */
  readonly lower: bigint;
  readonly upper: bigint;
  /** When given, only these values. */
  readonly only: ReadonlySet<bigint> | undefined;
  readonly except: ReadonlySet<bigint>;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** How several `eq` values of one parameter combine: any of them, or all at once (so none if they differ). */
export type Equality = 'any' | 'all';

/** Folds filters into a range; an unsatisfiable set gives a range with lower > upper. */
export function rangeOf(filters: readonly Filter[], parse: (text: string) => bigint, equality: Equality): Range {
  let lower = 0n;
  let upper = MAX_INT64;
  const equal = new Set<bigint>();
  const except = new Set<bigint>();
  for (const filter of filters) {
    const value = parse(filter.value);
    if (filter.operator === 'eq') equal.add(value);
    else if (filter.operator === 'ne') except.add(value);
    else if (filter.operator === 'gt' || filter.operator === 'gte') {
      lower = larger(lower, filter.operator === 'gt' ? value + 1n : value);
    } else upper = smaller(upper, filter.operator === 'lt' ? value - 1n : value);
  }
  if (equal.size === 0) return { lower, upper, only: undefined, except };
  if (equality === 'all' && equal.size > 1) return { lower: 1n, upper: 0n, only: equal, except };
  const values = [...equal];
  lower = larger(lower, values.reduce(smaller));
  upper = smaller(upper, values.reduce(larger));
  return { lower, upper, only: equal, except };
}

export function isInRange(range: Range, value: bigint): boolean {
  if (value < range.lower || value > range.upper) return false;
  return (range.only === undefined || range.only.has(value)) && !range.except.has(value);
}
