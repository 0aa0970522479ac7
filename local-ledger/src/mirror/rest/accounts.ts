import { formatId } from '../format/entity-id.js';
import type { Json } from '../format/json.js';
import { lastValue, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import * as valid from '../query/validators.js';
import { accountMatcher } from './account-filter.js';
import { accountMembers, currentBalance } from './account-view.js';
import type { Resource } from './resource.js';

/** Token balances shown per account of a list. */
const MAX_TOKENS = 50;

const ACCEPTED = {
  'account.balance': valid.amount,
  'account.id': valid.accountId,
  'account.publickey': valid.publicKey,
  balance: valid.boolean,
  limit: valid.limit,
  order: valid.order,
};

/** GET /accounts */
export const listAccounts: Resource = ({ state }, { path, query }) => {
  const filters = parseFilters(query, ACCEPTED);
  const page = { limit: limitOf(filters), order: orderOf(filters, 'asc') };
  const matches = accountMatcher(filters);
  const ids = pickIds(state.accountIds, filters, 'account.id', page, (id) => {
    const view = state.account(id);
    return view !== undefined && matches(view);
  });
  const withBalance = lastValue(filters, 'balance')?.toLowerCase() !== 'false';
  const accounts = ids.flatMap((id): Json[] => {
    const view = state.account(id);
    if (view === undefined) return [];
    return [{ ...accountMembers(view), balance: withBalance ? currentBalance(state, view, MAX_TOKENS) : null }];
  });
  const last = ids.length === page.limit ? ids.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'account.id', value: formatId(last), parse: idValue };
  return { body: { accounts, links: { next: nextPage(path, query, page.order, end) } } };
};
