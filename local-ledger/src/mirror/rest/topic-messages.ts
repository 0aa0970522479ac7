import type { EntityNum } from '../../core/model.js';
import type { TopicMessage } from '../../core/record-item.js';
import { isEntityId, parseEntityId } from '../format/entity-id.js';
import { formatNanos, parseTimestamp } from '../format/timestamp.js';
import { type Filter, filtersOf, lastValue, limitOf, orderOf, parseFilters } from '../query/filters.js';
import { badRequest, invalidParameters } from '../query/http-error.js';
import { nextPage } from '../query/page-link.js';
import { rangeOf } from '../query/range.js';
import * as valid from '../query/validators.js';
import type { MessageLog } from '../store/message-log.js';
import { formatMessage } from './message-view.js';
import { pathParameter, type Resource, type RestRequest } from './resource.js';

const ACCEPTED = {
  encoding: valid.encoding,
  limit: valid.limit,
  order: valid.order,
  sequencenumber: valid.positive,
  timestamp: valid.timestamp,
};

/** GET /topics/{topicId}/messages: a topic that does not exist has no messages, which is no error. */
export const listTopicMessages: Resource = ({ state }, request) => {
  const topic = topicInPath(request);
  const filters = parseFilters(request.query, ACCEPTED);
  for (const filter of filters) {
    if (filter.operator === 'ne' && (filter.name === 'timestamp' || filter.name === 'sequencenumber')) {
      throw badRequest(`Not equal (ne) operator is not supported for ${filter.name}`);
    }
  }
  const limit = limitOf(filters);
  const order = orderOf(filters, 'asc');
  const found = findMessages(state.messages, topic, filters, { limit, order });
  const encoding = /^utf/i.test(lastValue(filters, 'encoding') ?? '') ? 'utf8' : 'base64';
  const last = found.length === limit ? found.at(-1) : undefined;
  const end =
    last === undefined
      ? undefined
      : { name: 'timestamp', value: formatNanos(last.consensusTimestamp), parse: parseTimestamp };
  const next = nextPage(request.path, request.query, order, end);
  return { body: { messages: found.map((message) => formatMessage(message, encoding)), links: { next } } };
};

function findMessages(
  log: MessageLog,
  topic: EntityNum,
  filters: readonly Filter[],
  page: { readonly limit: number; readonly order: 'asc' | 'desc' },
): TopicMessage[] {
  const sequence = rangeOf(filtersOf(filters, 'sequencenumber'), BigInt, 'all');
  const time = rangeOf(filtersOf(filters, 'timestamp'), parseTimestamp, 'all');
  const first = Math.max(log.firstFrom(topic, sequence.lower), log.firstSince(topic, time.lower));
  const end = Math.min(log.firstFrom(topic, sequence.upper + 1n), log.firstSince(topic, time.upper + 1n));
  const count = Math.max(0, Math.min(page.limit, end - first));
  return Array.from({ length: count }, (_, step) =>
    log.at(topic, page.order === 'asc' ? first + step : end - 1 - step),
  );
}

/** The topic number in a path. Throws HttpError 400 for what is no entity id. */
export function topicInPath(request: RestRequest): EntityNum {
  const text = pathParameter(request, 'id');
  const num = isEntityId(text) ? parseEntityId(text) : undefined;
  if (num === undefined) throw invalidParameters('topic.id');
  return num;
}
