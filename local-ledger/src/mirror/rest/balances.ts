import type { EntityNum } from '../../core/model.js';
import { larger, smaller } from '../format/bigints.js';
import { formatId, isEntityId, parseEvmAddress } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatNanos, parseTimestamp } from '../format/timestamp.js';
import { type Filter, filtersOf, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { HttpError, invalidParameters } from '../query/http-error.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import { isInRange, type Range, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { balancesAt } from '../store/balance-history.js';
import type { AccountView, MirrorState } from '../store/mirror-state.js';
import { accountMatcher } from './account-filter.js';
import { tokenBalances } from './account-view.js';
import { lookUpAccount } from './find-account.js';
import type { Resource } from './resource.js';

/** Token balances shown per account. */
const MAX_TOKENS = 50;

const ACCEPTED = {
  'account.balance': valid.amount,
  'account.id': valid.anything,
  'account.publickey': valid.publicKey,
  limit: valid.limit,
  order: valid.order,
  timestamp: valid.timestamp,
};

const EMPTY = { timestamp: null, balances: [], links: { next: null } };

/** GET /balances: present balances, or those at a past time; an unknown account gives an empty list. */
export const listBalances: Resource = ({ state }, { path, query }) => {
  const filters = resolveAccounts(state, parseFilters(query, ACCEPTED));
  const at = snapshotTime(state, filters);
  if (at === 'none') return { body: EMPTY };
  const page = { limit: limitOf(filters), order: orderOf(filters, 'desc') };
  const ids = pickAccounts(state, filters, page, at);
  if (ids.length === 0) return { body: EMPTY };
  const balances = ids.flatMap((id) => balanceOf(state, id, at));
  const last = ids.length === page.limit ? ids.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'account.id', value: formatId(last), parse: idValue };
  const newest = ids.reduce((latest, id) => larger(latest, state.account(id)?.balanceTimestamp ?? 0n), 0n);
  return {
    body: { timestamp: formatNanos(at ?? newest), balances, links: { next: nextPage(path, query, page.order, end) } },
  };
};

/** With a past time, `account.balance` is about the balance at that time. */
function pickAccounts(
  state: MirrorState,
  filters: readonly Filter[],
  page: { readonly limit: number; readonly order: 'asc' | 'desc' },
  at: bigint | undefined,
): EntityNum[] {
  const matches = accountMatcher(at === undefined ? filters : filters.filter((one) => one.name !== 'account.balance'));
  const amounts = rangeOf(filtersOf(filters, 'account.balance'), BigInt, 'all');
  const past = (view: AccountView): boolean =>
    at === undefined || (view.account.created <= at && isInRange(amounts, balancesAt(state, view, at).hbar));
  return pickIds(state.accountIds, filters, 'account.id', page, (id) => {
    const view = state.account(id);
    return view !== undefined && matches(view) && past(view);
  });
}

function balanceOf(state: MirrorState, id: EntityNum, at: bigint | undefined): JsonObject[] {
  const view = state.account(id);
  if (view === undefined) return [];
  const past = at === undefined ? undefined : balancesAt(state, view, at);
  const balance = past?.hbar ?? view.account.balance;
  return [{ account: formatId(id), balance, tokens: tokenBalances(state, id, MAX_TOKENS, past?.token) }];
}

/** The newest time the filters allow (`eq` means "at or before"); undefined without such a filter. */
export function snapshotTime(state: MirrorState, filters: readonly Filter[]): bigint | 'none' | undefined {
  const times = filtersOf(filters, 'timestamp').map((filter) =>
    filter.operator === 'eq' ? { ...filter, operator: 'lte' as const } : filter,
  );
  if (times.length === 0) return undefined;
  const range: Range = rangeOf(times, parseTimestamp, 'any');
  let at = smaller(range.upper, state.latest);
  while (range.except.has(at)) at -= 1n;
  return at < range.lower || at < state.first ? 'none' : at;
}

/** Replaces aliases and EVM addresses by ids. Throws HttpError 400 for other texts and more than one such. */
function resolveAccounts(state: MirrorState, filters: readonly Filter[]): Filter[] {
  let names = 0;
  return filters.map((filter) => {
    if (filter.name !== 'account.id' || isEntityId(filter.value)) return filter;
    const view = isOtherForm(filter.value) ? 'malformed' : lookUpAccount(state, filter.value);
    if (view === 'malformed') throw invalidParameters('account.id');
    if (++names > 1) throw invalidAccount('Only one EVM address or alias is allowed.');
    if (filter.operator !== 'eq') throw invalidAccount('EVM address or alias only supports equals operator');
    return { ...filter, value: view === undefined ? '1.0.0' : formatId(view.account.num) };
  });
}

/** An EVM address with shard and realm is not taken here. */
function isOtherForm(text: string): boolean {
  return text.includes('.') && parseEvmAddress(text) !== undefined;
}

function invalidAccount(detail: string): HttpError {
  return new HttpError(400, [{ message: 'Invalid parameter: account.id', detail }]);
}
