import type { EntityNum } from '../../core/model.js';
import type { JsonObject } from '../format/json.js';
import { formatNanos, parseTimestamp } from '../format/timestamp.js';
import { type Filter, filtersOf, lastValue, limitOf, type Order, orderOf } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { idValue } from '../query/pick.js';
import { isInRange, type Range, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import type { MirrorState } from '../store/mirror-state.js';
import type { StoredTransaction, TransactionHead } from '../store/transaction-codec.js';
import { lowerBound } from '../store/u32-list.js';
import type { RestContext, RestRequest } from './resource.js';
import { formatTransaction, isSuccess } from './transaction-view.js';

/** Parameters of GET /transactions. */
export const TRANSACTION_FILTERS = {
  'account.id': valid.accountId,
  limit: valid.limit,
  order: valid.order,
  result: valid.result,
  timestamp: valid.timestamp,
  transactiontype: valid.transactionType,
  type: valid.creditOrDebit,
};

/** A page of transactions, newest first unless told; of one account when given. */
export function transactionPage(
  { state }: RestContext,
  { path, query }: Pick<RestRequest, 'path' | 'query'>,
  filters: readonly Filter[],
  ofAccount?: EntityNum,
): JsonObject {
  const limit = limitOf(filters);
  const order = orderOf(filters, 'desc');
  const found = findTransactions(state, filters, { limit, order }, ofAccount);
  const last = found.length === limit ? found.at(-1) : undefined;
  const end =
    last === undefined
      ? undefined
      : { name: 'timestamp', value: formatNanos(last.consensusTimestamp), parse: parseTimestamp };
  return { transactions: found.map(formatTransaction), links: { next: nextPage(path, query, order, end) } };
}

function findTransactions(
  state: MirrorState,
  filters: readonly Filter[],
  page: { readonly limit: number; readonly order: Order },
  ofAccount: EntityNum | undefined,
): StoredTransaction[] {
  const log = state.transactions;
  const times = rangeOf(filtersOf(filters, 'timestamp'), parseTimestamp, 'all');
  const accounts = accountFilter(filters, ofAccount);
  const isWanted = headFilter(state, filters);
  const parties = partyFilter(filters, accounts);
  const found: StoredTransaction[] = [];
  for (const number of candidates(state, accounts, times, page.order)) {
    if (found.length === page.limit) break;
    const head = log.head(number);
    if (!isInRange(times, head.consensusTimestamp) || !isWanted(head)) continue;
    const item = log.at(number);
    if (parties(item)) found.push(item);
  }
  return found;
}

/** Which accounts are asked for: one, read from its own index, or a range; undefined for all. */
function accountFilter(filters: readonly Filter[], ofAccount: EntityNum | undefined): Range | undefined {
  if (ofAccount !== undefined) return single(BigInt(ofAccount));
  const asked = filtersOf(filters, 'account.id');
  return asked.length === 0 ? undefined : rangeOf(asked, idValue, 'any');
}

function single(value: bigint): Range {
  return { lower: value, upper: value, only: undefined, except: new Set() };
}

/** Numbers of the transactions to look at, in order, narrowed by account and time where an index helps. */
function* candidates(state: MirrorState, accounts: Range | undefined, times: Range, order: Order): Generator<number> {
  const log = state.transactions;
  const one = accounts !== undefined && accounts.lower === accounts.upper;
  const own = one ? log.ofAccount(Number(accounts.lower)) : undefined;
  const count = own?.length ?? log.count;
  const numberAt = (index: number): number => own?.at(index) ?? index;
  const timeAt = (index: number): bigint => log.head(numberAt(index)).consensusTimestamp;
  const first = lowerBound(count, (index) => timeAt(index) >= times.lower);
  const end = lowerBound(count, (index) => timeAt(index) > times.upper);
  for (let step = 0; step < end - first; step++) yield numberAt(order === 'asc' ? first + step : end - 1 - step);
}

function headFilter(state: MirrorState, filters: readonly Filter[]): (head: TransactionHead) => boolean {
  const result = lastValue(filters, 'result');
  const types = filtersOf(filters, 'transactiontype').map(({ value }) =>
    state.transactions.nameNumber(value.toUpperCase()),
  );
  return (head) =>
    (result === undefined || isSuccess(head.status) === (result === 'success')) &&
    (types.length === 0 || types.includes(head.nameNumber));
}

/** With `type` only movements count, and in one direction; else paying counts as well. */
function partyFilter(filters: readonly Filter[], accounts: Range | undefined): (item: StoredTransaction) => boolean {
  const directions = new Set(filtersOf(filters, 'type').map(({ value }) => value.toLowerCase()));
  if (directions.size > 1) return () => false;
  const isAsked = (account: EntityNum): boolean => accounts === undefined || isInRange(accounts, BigInt(account));
  if (directions.size === 1) {
    const sign = directions.has('credit') ? 1n : -1n;
    return (item) =>
      [...item.transfers, ...item.tokenTransfers].some((move) => move.amount * sign > 0n && isAsked(move.account));
  }
  return (item) =>
    accounts === undefined ||
    isAsked(item.transactionId.payer) ||
    [...item.transfers, ...item.tokenTransfers].some((move) => isAsked(move.account));
}
