import { formatId, isEntityId, parseEntityId } from '../format/entity-id.js';
import type { Json, JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import type { MirrorNode } from '../network.js';
import { filtersOf, lastValue, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { nextPage } from '../query/page-link.js';
import { isInRange, rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import type { Resource } from './resource.js';

const ADDRESS_BOOK_FILES: ReadonlySet<number> = new Set([101, 102]);

const ACCEPTED = {
  'file.id': (value: string, operator: string) => operator === 'eq' && isEntityId(value),
  limit: valid.limit,
  'node.id': valid.amount,
  order: valid.order,
};

/** GET /network/nodes: the address book, with the endpoints on which the nodes do answer. */
export const listNodes: Resource = ({ network, state }, { path, query }) => {
  const filters = parseFilters(query, ACCEPTED);
  const file = parseEntityId(lastValue(filters, 'file.id') ?? '102') ?? -1;
  const range = rangeOf(filtersOf(filters, 'node.id'), BigInt, 'any');
  const limit = limitOf(filters);
  const order = orderOf(filters, 'asc');
  const picked = [...network.nodes]
    .sort((a, b) => (order === 'asc' ? a.nodeId - b.nodeId : b.nodeId - a.nodeId))
    .filter((node) => ADDRESS_BOOK_FILES.has(file) && isInRange(range, BigInt(node.nodeId)))
    .slice(0, limit);
  const last = picked.length === limit ? picked.at(-1) : undefined;
  const end = last === undefined ? undefined : { name: 'node.id', value: String(last.nodeId), parse: BigInt };
  const from = formatNanos(state.first);
  const nodes = picked.map((node): Json => formatNode(node, file, from));
  return { body: { nodes, links: { next: nextPage(path, query, order, end) } } };
};

/** Staking is not part of this network: its numbers are 0 and there is no reward. */
function formatNode(node: MirrorNode, file: number, from: string): JsonObject {
  return {
    admin_key: null,
    decline_reward: false,
    description: node.description,
    file_id: formatId(file),
    grpc_proxy_endpoint: null,
    max_stake: 0,
    memo: formatId(node.account),
    min_stake: 0,
    node_account_id: formatId(node.account),
    node_cert_hash: '0x',
    node_id: node.nodeId,
    public_key: '0x',
    reward_rate_start: 0,
    service_endpoints: [{ domain_name: '', ip_address_v4: node.host, port: node.port }],
    stake: 0,
    stake_not_rewarded: 0,
    stake_rewarded: 0,
    staking_period: null,
    timestamp: { from, to: null },
  };
}
