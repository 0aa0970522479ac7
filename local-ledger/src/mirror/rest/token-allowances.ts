import type { Allowance, EntityNum } from '../../core/model.js';
import { formatId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { type Filter, filtersOf, limitOf, type Order, orderOf, parseFilters } from '../query/filters.js';
import { badRequest } from '../query/http-error.js';
import { idValue } from '../query/pick.js';
import { isInRange, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import { formatAllowance, ownerInPath, refuseNotEqual } from './allowance-view.js';
import { pathParameter, type Resource, type RestRequest } from './resource.js';

const SPENDER = 'spender.id';
const TOKEN = 'token.id';
const ACCEPTED = { limit: valid.limit, order: valid.order, [SPENDER]: valid.entityId, [TOKEN]: valid.entityId };

/** An allowance of a token. */
interface TokenAllowance extends Allowance {
  readonly token: EntityNum;
}

/** GET /accounts/{idOrAliasOrEvmAddress}/allowances/tokens: what an account lets others spend of its tokens. */
export const listTokenAllowances: Resource = ({ state }, request) => {
  const filters = parseFilters(request.query, ACCEPTED);
  refuseNotEqual(filters);
  const owner = ownerInPath(state, pathParameter(request, 'id'));
  if (filtersOf(filters, TOKEN).length > 0 && filtersOf(filters, SPENDER).length === 0) {
    throw badRequest(`${TOKEN} without a ${SPENDER} parameter`);
  }
  const order = orderOf(filters, 'asc');
  const all = state.allowances
    .of(owner)
    .filter(isOfToken)
    .filter((one) => matches(one, filters));
  const page = (order === 'asc' ? all : all.toReversed()).slice(0, limitOf(filters));
  const last = page.length === limitOf(filters) ? page.at(-1) : undefined;
  return { body: { allowances: page.map(formatTokenAllowance), links: { next: nextLink(request, order, last) } } };
};

function isOfToken(allowance: Allowance): allowance is TokenAllowance {
  return allowance.token !== undefined;
}

/** A condition on tokens holds for the spender that a condition names; those strictly within are shown whole. */
function matches({ spender, token }: TokenAllowance, filters: readonly Filter[]): boolean {
  const spenders = filtersOf(filters, SPENDER);
  if (!isInRange(rangeOf(spenders, idValue, 'any'), BigInt(spender))) return false;
  const isAtBound = spenders.some(({ value }) => idValue(value) === BigInt(spender));
  return !isAtBound || isInRange(rangeOf(filtersOf(filters, TOKEN), idValue, 'any'), BigInt(token));
}

function formatTokenAllowance(allowance: TokenAllowance): JsonObject {
  return { ...formatAllowance(allowance), token_id: formatId(allowance.token) };
}

/** The same query from the last item on, which is named by its spender and its token. */
function nextLink({ path, query }: RestRequest, order: Order, last: TokenAllowance | undefined): string | null {
  if (last === undefined) return null;
  const operator = order === 'asc' ? 'gt' : 'lt';
  const isForward = (value: string) => value.startsWith(operator);
  const named = (query.get(SPENDER) ?? []).filter((value) => !isForward(value));
  const spender = named.includes(formatId(last.spender)) ? [] : [`${operator}e:${formatId(last.spender)}`];
  const tokens = (query.get(TOKEN) ?? []).filter((value) => !isForward(value));
  const next = new Map(query);
  next.set(SPENDER, [...named, ...spender]);
  next.set(TOKEN, [...tokens, `${operator}:${formatId(last.token)}`]);
  const pairs = [...next].flatMap(([name, values]) => values.map((value) => `${name}=${value}`));
  return `${path.replace(/\/$/, '')}?${pairs.join('&')}`;
}
