import type { TopicMessage } from '../../core/record-item.js';
import { formatId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';

/** One chunk as REST shows it; the message in base64, or as text when asked for utf-8. */
export function formatMessage(message: TopicMessage, encoding: 'base64' | 'utf8' = 'base64'): JsonObject {
  return {
    chunk_info: formatChunk(message.chunk),
    consensus_timestamp: formatNanos(message.consensusTimestamp),
    message: Buffer.from(message.message).toString(encoding),
    payer_account_id: formatId(message.payer),
    running_hash: Buffer.from(message.runningHash).toString('base64'),
    running_hash_version: message.runningHashVersion,
    sequence_number: message.sequenceNumber,
    topic_id: formatId(message.topic),
  };
}

function formatChunk(chunk: TopicMessage['chunk']): JsonObject | null {
  if (chunk === undefined) return null;
  const id = chunk.initialTransactionId;
  return {
    initial_transaction_id: {
      account_id: formatId(id.payer),
      nonce: id.nonce,
      scheduled: id.scheduled,
      transaction_valid_start: formatNanos(id.validStart),
    },
    number: chunk.number,
    total: chunk.total,
  };
}
