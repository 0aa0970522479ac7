import { formatId } from '../format/entity-id.js';
import { filtersOf, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { idValue } from '../query/pick.js';
import { isInRange, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { formatAllowance, ownerInPath, refuseNotEqual } from './allowance-view.js';
import { pathParameter, type Resource } from './resource.js';

const SPENDER = 'spender.id';
const ACCEPTED = { limit: valid.limit, order: valid.order, [SPENDER]: valid.entityId };

/** GET /accounts/{idOrAliasOrEvmAddress}/allowances/crypto: what an account lets others spend of its hbar. */
export const listCryptoAllowances: Resource = ({ state }, request) => {
  const filters = parseFilters(request.query, ACCEPTED);
  refuseNotEqual(filters);
  const owner = ownerInPath(state, pathParameter(request, 'id'));
  const order = orderOf(filters, 'desc');
  const range = rangeOf(filtersOf(filters, SPENDER), idValue, 'any');
  const all = state.allowances.of(owner).filter(({ token, spender }) => {
    return token === undefined && isInRange(range, BigInt(spender));
  });
  const page = (order === 'asc' ? all : all.toReversed()).slice(0, limitOf(filters));
  const last = page.length === limitOf(filters) ? page.at(-1) : undefined;
  const end = last && { name: SPENDER, value: formatId(last.spender), parse: idValue };
  const next = nextPage(request.path, request.query, order, end);
  return { body: { allowances: page.map(formatAllowance), links: { next } } };
};
