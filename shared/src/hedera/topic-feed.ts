import { setTimeout as sleep } from 'node:timers/promises';
import type { Cursor, TopicMessage } from '../ledger/topic-message.js';
import type { Logger } from '../log.js';
import { toGatepostError } from '../vocabulary/errors.js';
import { accountId, type TopicId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import type { MirrorMessage, MirrorRest } from './mirror-rest.js';
import { openMirrorChannel, type StreamedMessage, streamTopic } from './topic-stream.js';

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 8_000;

function fromRest(topic: TopicId, entry: MirrorMessage): TopicMessage {
  return {
    topic,
    sequenceNumber: entry.sequence_number,
    consensusTimestamp: entry.consensus_timestamp,
    payer: accountId(entry.payer_account_id),
    message: entry.message,
    chunk: { number: entry.chunk_info?.number ?? 1, total: entry.chunk_info?.total ?? 1 },
  };
}

/** Messages after a cursor that the mirror has now, over REST. */
export async function* readTopic(mirror: MirrorRest, topic: TopicId, after: Cursor): AsyncGenerator<TopicMessage> {
  for await (const entry of mirror.messagesAfter(topic, after.sequenceNumber)) yield fromRest(topic, entry);
}

/** The messages between the cursor and a streamed one, and that one: REST fills gaps and unknown payers. */
async function* completed(
  mirror: MirrorRest,
  topic: TopicId,
  cursor: Cursor,
  streamed: StreamedMessage,
): AsyncGenerator<TopicMessage> {
  const { sequenceNumber, consensusTimestamp, payer, message, chunk } = streamed;
  if (payer !== undefined && sequenceNumber === cursor.sequenceNumber + 1) {
    yield { topic, sequenceNumber, consensusTimestamp, payer, message, chunk };
    return;
  }
  let reached = cursor;
  for (;;) {
    for await (const found of readTopic(mirror, topic, reached)) {
      reached = found;
      yield found;
      if (found.sequenceNumber >= sequenceNumber) return;
    }
    // REST may lag the stream.
    await sleep(MIN_BACKOFF_MS);
  }
}

/**
 * Every message of a topic after a cursor, in consensus order, each once, for as long as the signal allows. Our own
 * loop instead of the SDK's: it resumes from its cursor after any end of the stream, clean or not, without a limit on
 * how often; it notices gaps by sequence number and fills them over REST.
 */
export async function* followTopic(
  {
    network,
    mirror,
    account,
    shown,
  }: Pick<Connection, 'network' | 'mirror'> & Partial<Pick<Connection, 'account' | 'shown'>>,
  topic: TopicId,
  after: Cursor,
  signal: AbortSignal,
  log: Logger,
): AsyncGenerator<TopicMessage> {
  const channel = openMirrorChannel(network);
  let cursor = after;
  let backoffMs = MIN_BACKOFF_MS;
  const unfollow = shown?.follow(topic);
  try {
    while (!signal.aborted) {
      try {
        for await (const streamed of streamTopic(channel, topic, cursor.consensusTimestamp + 1n, signal)) {
          if (streamed.sequenceNumber <= cursor.sequenceNumber) continue;
          if (streamed.payer === account) shown?.show(streamed);
          for await (const message of completed(mirror, topic, cursor, streamed)) {
            cursor = message;
            backoffMs = MIN_BACKOFF_MS;
            yield message;
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        log.debug({ topic, err: toGatepostError(error, 'MIRROR_UNREACHABLE').message }, 'topic stream broke; resuming');
      }
      await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  } finally {
    unfollow?.();
    channel.close();
  }
}
