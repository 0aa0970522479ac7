import type { ConsensusTopicQuery } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import type { TopicID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { EntityNum, Nanos } from '../../core/model.js';
import { formatId } from '../format/entity-id.js';
import { fromProtoTimestamp } from '../format/timestamp.js';
import type { MirrorState } from '../store/mirror-state.js';
import { invalidArgument, missing } from './rpc-error.js';

/** A subscription as asked for, checked. */
export interface TopicFilter {
  readonly topic: EntityNum;
  /** First consensus timestamp wanted. */
  readonly start: Nanos;
  /** First consensus timestamp no longer wanted; undefined for no end. */
  readonly end: Nanos | undefined;
  /** Messages wanted at most; undefined for no limit. */
  readonly limit: bigint | undefined;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MAX_NUM = 2n ** 38n - 1n;

/**
 * Checks a query at network time `now`. Throws RpcError INVALID_ARGUMENT for a malformed query and for entities
 * that are no topics, NOT_FOUND for what does not exist. A deleted topic may be subscribed to.
 */
export function checkTopicQuery(query: ConsensusTopicQuery, state: MirrorState, now: Nanos): TopicFilter {
  if (query.topicID === undefined) throw invalidArgument('Missing required topicID');
  const topic = topicNumber(query.topicID);
  // uint64 on the wire, but the mirror reads it as a signed number.
  if (query.limit > MAX_INT64) throw invalidArgument('limit: must be greater than or equal to 0');
  const start = query.consensusStartTime === undefined ? now : fromProtoTimestamp(query.consensusStartTime);
  const end = query.consensusEndTime === undefined ? undefined : fromProtoTimestamp(query.consensusEndTime);
  if (start < 0n) throw invalidArgument('startTime: must be greater than or equal to 0');
  if (start > now) throw invalidArgument('startTime: must be before now');
  if (end !== undefined && end <= start) throw invalidArgument('End time must be after start time');
  const kind = topic === undefined ? undefined : state.kindOf(topic);
  if (topic === undefined || kind === undefined) {
    throw missing(`Topic ${formatId(Number(query.topicID.topicNum))} does not exist`);
  }
  if (kind !== 'TOPIC') throw invalidArgument('Not a valid topic');
  return { topic, start, end, limit: query.limit === 0n ? undefined : query.limit };
}

function topicNumber({ shardNum, realmNum, topicNum }: TopicID): EntityNum | undefined {
  if (shardNum < 0n || realmNum < 0n || topicNum < 0n || topicNum > MAX_NUM) throw invalidArgument('Invalid entity ID');
  return shardNum === 0n && realmNum === 0n ? Number(topicNum) : undefined;
}
