import { parseFilters } from '../query/filters.js';
import type { Resource } from './resource.js';
import { TRANSACTION_FILTERS, transactionPage } from './transaction-page.js';

/** GET /transactions */
export const listTransactions: Resource = (context, request) => ({
  body: transactionPage(context, request, parseFilters(request.query, TRANSACTION_FILTERS)),
});
