import type { TopicMessage } from '../../core/record-item.js';
import { isEntityId, parseEntityId } from '../format/entity-id.js';
import { isTimestamp, parseTimestamp } from '../format/timestamp.js';
import { refuseParameters } from '../query/filters.js';
import { invalidParameters, notFound } from '../query/http-error.js';
import { isPositiveLong } from '../query/validators.js';
import type { MirrorState } from '../store/mirror-state.js';
import { formatMessage } from './message-view.js';
import { pathParameter, type Resource } from './resource.js';

/** GET /topics/{topicId}/messages/{sequenceNumber} */
export const getTopicMessage: Resource = ({ state }, request) => {
  refuseParameters(request.query);
  const id = pathParameter(request, 'id');
  const sequence = pathParameter(request, 'sequence');
  const topic = isEntityId(id) ? parseEntityId(id) : undefined;
  const isSequence = isPositiveLong(sequence);
  if (topic === undefined) throw invalidParameters('topic.id', ...(isSequence ? [] : ['sequencenumber']));
  if (!isSequence) throw invalidParameters('sequencenumber');
  const index = state.messages.firstFrom(topic, BigInt(sequence));
  const message = index < state.messages.count(topic) ? state.messages.at(topic, index) : undefined;
  if (message?.sequenceNumber !== BigInt(sequence)) throw notFound();
  return { body: formatMessage(message) };
};

/** GET /topics/messages/{consensusTimestamp} */
export const getMessageByTimestamp: Resource = ({ state }, request) => {
  refuseParameters(request.query);
  const text = pathParameter(request, 'timestamp');
  if (!isTimestamp(text)) throw invalidParameters('consensus_timestamp');
  const message = messageAt(state, parseTimestamp(text));
  if (message === undefined) throw notFound();
  return { body: formatMessage(message) };
};

/** The transaction at that time tells the topic. */
function messageAt(state: MirrorState, timestamp: bigint): TopicMessage | undefined {
  const number = state.transactions.firstSince(timestamp);
  if (number === state.transactions.count) return undefined;
  const topic = state.transactions.at(number).entity;
  if (topic === undefined) return undefined;
  const index = state.messages.firstSince(topic, timestamp);
  const message = index < state.messages.count(topic) ? state.messages.at(topic, index) : undefined;
  return message?.consensusTimestamp === timestamp ? message : undefined;
}
