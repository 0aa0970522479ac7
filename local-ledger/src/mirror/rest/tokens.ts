import type { EntityNum, Token } from '../../core/model.js';
import { formatId } from '../format/entity-id.js';
import type { Json, JsonObject } from '../format/json.js';
import { formatKey, simpleKey } from '../format/key.js';
import { type Filter, filtersOf, lastValue, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { badRequest } from '../query/http-error.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import * as valid from '../query/validators.js';
import type { MirrorState } from '../store/mirror-state.js';
import type { Resource } from './resource.js';

const ACCEPTED = {
  'account.id': valid.accountId,
  limit: valid.limit,
  name: (value: string, operator: string) => operator === 'eq' && value.length >= 3 && Buffer.byteLength(value) <= 100,
  order: valid.order,
  publickey: valid.publicKey,
  'token.id': valid.entityId,
  type: valid.tokenType,
};

/** GET /tokens */
export const listTokens: Resource = ({ state }, { path, query }) => {
  if (query.has('name') && query.has('token.id')) {
    throw badRequest('token.id and name can not be used together. Use a more specific name instead.');
  }
  if (query.has('name') && query.has('account.id')) throw badRequest('account.id and name cannot be used together');
  const filters = parseFilters(query, ACCEPTED);
  const page = { limit: limitOf(filters), order: orderOf(filters, 'asc') };
  const matches = tokenMatcher(state, filters);
  const ids = pickIds(state.tokenIds, filters, 'token.id', page, matches);
  const tokens = ids.flatMap((id): Json[] => {
    const token = state.token(id);
    return token === undefined ? [] : [formatListedToken(token)];
  });
  const last = ids.length === page.limit && !query.has('name') ? ids.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'token.id', value: formatId(last), parse: idValue };
  return { body: { tokens, links: { next: nextPage(path, query, page.order, end) } } };
};

function tokenMatcher(state: MirrorState, filters: readonly Filter[]): (id: EntityNum) => boolean {
  const holder = lastValue(filters, 'account.id');
  const held = holder === undefined ? undefined : state.relationsOf(valid.entityNumber(holder) ?? -1);
  const key = lastValue(filters, 'publickey')?.toLowerCase().replace(/^0x/, '').slice(-66);
  const name = lastValue(filters, 'name')?.toLowerCase();
  const types = filtersOf(filters, 'type').map(({ value }) => value.toUpperCase());
  return (id) => {
    const token = state.token(id);
    if (token === undefined || (held !== undefined && !held.has(id))) return false;
    const adminKey = token.adminKey === undefined ? undefined : simpleKey(token.adminKey)?.hex;
    if (key !== undefined && (adminKey === undefined || !key.endsWith(adminKey))) return false;
    // Every token here is fungible.
    if (!types.every((type) => type === 'ALL' || type === 'FUNGIBLE_COMMON')) return false;
    return name === undefined || token.name.toLowerCase().includes(name);
  };
}

function formatListedToken(token: Token): JsonObject {
  return {
    admin_key: formatKey(token.adminKey),
    decimals: token.decimals,
    metadata: Buffer.from(token.metadata).toString('base64'),
    name: token.name,
    symbol: token.symbol,
    token_id: formatId(token.num),
    type: 'FUNGIBLE_COMMON',
  };
}
