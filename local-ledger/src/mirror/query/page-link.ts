import type { Operator, Order, Query } from './filters.js';
import { rangeOf } from './range.js';

/** Where a page ended: the parameter that pages and its value in the last item. */
export interface PageEnd {
  readonly name: string;
  readonly value: string;
  /** Orders the parameter's values. */
  readonly parse: (text: string) => bigint;
}

const FORWARD = { asc: /^gte?:/, desc: /^lte?:/ } as const;

/**
 * The relative link to the next page: the same query, continuing after the last item. Null without an end (the
 * page was not full) and when the query leaves nothing after it. As on the network a full page gets a link even if
 * the next page turns out to be empty.
 */
export function nextPage(path: string, query: Query, order: Order, end: PageEnd | undefined): string | null {
  if (end === undefined) return null;
  const kept = (query.get(end.name) ?? []).filter((value) => !FORWARD[order].test(value));
  const continuation = `${order === 'asc' ? 'gt' : 'lt'}:${end.value}`;
  if (isExhausted([...kept, continuation], end.parse)) return null;
  const next = new Map(query);
  next.set(end.name, [...kept, continuation]);
  const pairs = [...next].flatMap(([name, values]) => values.map((value) => `${name}=${encode(value)}`));
  return `${path.replace(/\/$/, '')}?${pairs.join('&')}`;
}

function isExhausted(values: readonly string[], parse: (text: string) => bigint): boolean {
  const filters = values
    .filter((value) => !value.startsWith('ne:'))
    .map((text) => {
      const [operator = '', value] = text.split(':');
      return value === undefined
        ? { name: '', operator: 'eq' as const, value: operator }
        : { name: '', operator: boundOf(operator), value };
    });
  const range = rangeOf(filters, parse, 'any');
  return range.lower > range.upper;
}

function boundOf(operator: string): Operator {
  return operator === 'gt' || operator === 'gte' || operator === 'lt' || operator === 'lte' ? operator : 'eq';
}

/** Leaves the characters that the mirror leaves as they are; anything odd is escaped so that the link stays valid. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2C', ',');
}
