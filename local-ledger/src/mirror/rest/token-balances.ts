import type { EntityNum } from '../../core/model.js';
import { larger } from '../format/bigints.js';
import { formatId } from '../format/entity-id.js';
import type { Json } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import { type Filter, filtersOf, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import { isInRange, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { balancesAt } from '../store/balance-history.js';
import type { MirrorState } from '../store/mirror-state.js';
import { accountMatcher } from './account-filter.js';
import { snapshotTime } from './balances.js';
import { tokenInPath } from './find-token.js';
import type { Resource } from './resource.js';

const ACCEPTED = {
  'account.balance': valid.amount,
  'account.id': valid.accountId,
  'account.publickey': valid.publicKey,
  limit: valid.limit,
  order: valid.order,
  timestamp: valid.timestamp,
};

const EMPTY = { timestamp: null, balances: [], links: { next: null } };

/** GET /tokens/{tokenId}/balances: an unknown token gives an empty list. */
export const listTokenBalances: Resource = ({ state }, request) => {
  const token = tokenInPath(request);
  const filters = parseFilters(request.query, ACCEPTED);
  const at = snapshotTime(state, filters);
  if (at === 'none') return { body: EMPTY };
  const balanceOf = balanceReader(state, token, at);
  const page = { limit: limitOf(filters), order: orderOf(filters, 'desc'), equality: 'all' as const };
  const matches = holderMatcher(state, filters, balanceOf);
  const ids = pickIds(state.holdersOf(token), filters, 'account.id', page, matches);
  if (ids.length === 0) return { body: EMPTY };
  const decimals = state.token(token)?.decimals ?? null;
  const balances = ids.map((id): Json => ({ account: formatId(id), balance: balanceOf(id), decimals }));
  const newest = ids.map((id) => state.relationsOf(id).get(token)?.since ?? 0n).reduce(larger);
  const last = ids.length === page.limit ? ids.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'account.id', value: formatId(last), parse: idValue };
  const next = nextPage(request.path, request.query, page.order, end);
  return { body: { timestamp: formatNanos(at ?? newest), balances, links: { next } } };
};

function balanceReader(
  state: MirrorState,
  token: EntityNum,
  at: bigint | undefined,
): (account: EntityNum) => bigint | undefined {
  return (account) => {
    const view = state.account(account);
    if (at === undefined || view === undefined) return state.relationsOf(account).get(token)?.value.balance;
    return balancesAt(state, view, at).token(token);
  };
}

/** Conditions on the holder's key and on the balance of the token, not of hbar. */
function holderMatcher(
  state: MirrorState,
  filters: readonly Filter[],
  balanceOf: (account: EntityNum) => bigint | undefined,
): (account: EntityNum) => boolean {
  const hasKey = accountMatcher(filters.filter((filter) => filter.name === 'account.publickey'));
  const amounts = rangeOf(filtersOf(filters, 'account.balance'), BigInt, 'all');
  return (account) => {
    const view = state.account(account);
    const balance = balanceOf(account);
    return view !== undefined && balance !== undefined && hasKey(view) && isInRange(amounts, balance);
  };
}
