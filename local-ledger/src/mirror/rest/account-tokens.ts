import type { Token, TokenRelation } from '../../core/model.js';
import { formatId } from '../format/entity-id.js';
import type { Json, JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import { limitOf, orderOf, parseFilters } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { idValue, pickIds } from '../query/pick.js';
import * as valid from '../query/validators.js';
import { SortedIds } from '../store/sorted-ids.js';
import { findAccount } from './find-account.js';
import { pathParameter, type Resource } from './resource.js';

const ACCEPTED = { limit: valid.limit, order: valid.order, 'token.id': valid.entityId };

/** GET /accounts/{idOrAliasOrEvmAddress}/tokens */
export const listAccountTokens: Resource = ({ state }, request) => {
  const filters = parseFilters(request.query, ACCEPTED);
  const { account } = findAccount(state, pathParameter(request, 'id'));
  const relations = state.relationsOf(account.num);
  const ids = new SortedIds();
  for (const token of relations.keys()) ids.add(token);
  const page = { limit: limitOf(filters), order: orderOf(filters, 'asc') };
  const picked = pickIds(ids, filters, 'token.id', page);
  const tokens = picked.flatMap((id): Json[] => {
    const relation = relations.get(id)?.value;
    const token = state.token(id);
    return relation === undefined || token === undefined ? [] : [formatRelation(relation, token)];
  });
  const last = picked.length === page.limit ? picked.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'token.id', value: formatId(last), parse: idValue };
  return { body: { tokens, links: { next: nextPage(request.path, request.query, page.order, end) } } };
};

function formatRelation(relation: TokenRelation, token: Token): JsonObject {
  return {
    automatic_association: relation.automatic,
    balance: relation.balance,
    created_timestamp: formatNanos(relation.created),
    decimals: token.decimals,
    freeze_status: status(token.freezeKey, relation.frozen, 'FROZEN', 'UNFROZEN'),
    kyc_status: status(token.kycKey, relation.kycGranted, 'GRANTED', 'REVOKED'),
    token_id: formatId(token.num),
  };
}

function status(key: unknown, isOn: boolean, on: string, off: string): string {
  if (key === undefined) return 'NOT_APPLICABLE';
  return isOn ? on : off;
}
