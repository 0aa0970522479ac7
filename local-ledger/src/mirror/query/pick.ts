import type { EntityNum } from '../../core/model.js';
import type { SortedIds } from '../store/sorted-ids.js';
import { type Filter, filtersOf, type Order } from './filters.js';
import { type Equality, isInRange, rangeOf } from './range.js';
import { entityNumber } from './validators.js';

/** Number of an id text as a bigint; ids of other shards sort before all. */
export function idValue(text: string): bigint {
  return BigInt(entityNumber(text) ?? -1);
}

/** Up to `limit` ids that satisfy the filters on `name` and `matches`, in order. */
export function pickIds(
  ids: SortedIds,
  filters: readonly Filter[],
  name: string,
  page: { readonly order: Order; readonly limit: number; readonly equality?: Equality },
  matches: (id: EntityNum) => boolean = () => true,
): EntityNum[] {
  const range = rangeOf(filtersOf(filters, name), idValue, page.equality ?? 'any');
  const picked: EntityNum[] = [];
  for (const id of ids.between(range.lower, range.upper, page.order)) {
    if (picked.length === page.limit) break;
    if (isInRange(range, BigInt(id)) && matches(id)) picked.push(id);
  }
  return picked;
}
