import type { JsonObject } from '../format/json.js';
import { formatNanos, parseTimestamp } from '../format/timestamp.js';
import { filtersOf, lastValue, parseFilters } from '../query/filters.js';
import { notFound } from '../query/http-error.js';
import { rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { balancesAt } from '../store/balance-history.js';
import type { AccountView } from '../store/mirror-state.js';
import { accountMembers, currentBalance, tokenBalances } from './account-view.js';
import { findAccount } from './find-account.js';
import { pathParameter, type Resource, type RestContext } from './resource.js';
import { TRANSACTION_FILTERS, transactionPage } from './transaction-page.js';

/** Token balances shown for a single account. */
const MAX_TOKENS = 1000;

const ACCEPTED = {
  limit: TRANSACTION_FILTERS.limit,
  order: TRANSACTION_FILTERS.order,
  timestamp: TRANSACTION_FILTERS.timestamp,
  transactions: valid.boolean,
  transactiontype: TRANSACTION_FILTERS.transactiontype,
};

/** GET /accounts/{idOrAliasOrEvmAddress}: the account and a page of its transactions, newest first. */
export const getAccount: Resource = (context, request) => {
  const filters = parseFilters(request.query, ACCEPTED);
  const view = findAccount(context.state, pathParameter(request, 'id'));
  const times = filtersOf(filters, 'timestamp');
  const range = rangeOf(times, parseTimestamp, 'all');
  if (range.lower > range.upper) throw notFound('Timestamp range is empty');
  const upper = times.some(({ operator }) => /^(eq|lte?)$/.test(operator)) ? range.upper : undefined;
  if (upper !== undefined && view.account.created > upper) throw notFound();
  const withTransactions = lastValue(filters, 'transactions')?.toLowerCase() !== 'false';
  const page = withTransactions
    ? transactionPage(context, request, filters, view.account.num)
    : { transactions: [], links: { next: null } };
  const balance =
    upper === undefined ? currentBalance(context.state, view, MAX_TOKENS) : balanceAt(context, view, upper);
  return { body: { ...accountMembers(view), balance, ...page } };
};

function balanceAt({ state }: RestContext, view: AccountView, at: bigint): JsonObject {
  const past = balancesAt(state, view, at);
  const timestamp = at < state.latest ? at : state.latest;
  return {
    balance: past.hbar,
    timestamp: formatNanos(timestamp),
    tokens: tokenBalances(state, view.account.num, MAX_TOKENS, past.token),
  };
}
