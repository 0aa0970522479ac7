import type { PublicKey } from '@hashgraph/sdk';
import { TopicCreateTransaction, TopicMessageSubmitTransaction, TopicUpdateTransaction } from '@hashgraph/sdk';
import type { PreparedTransaction } from '../ledger/ledger.js';
import { GatepostError } from '../vocabulary/errors.js';
import { accountId, type TopicId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { messageBytes } from './message-bytes.js';
import { DEFAULT_VALID_SECONDS, freshlyPrepared, nodesOf, type PrepareOptions, send } from './transaction.js';

export type MessageOptions = Pick<PrepareOptions, 'id' | 'validSeconds'>;

export interface TopicOptions {
  /** At most 100 bytes. */
  readonly memo: string;
  /** Who may write; anyone when left out. */
  readonly submitKey?: PublicKey;
}

/** Creates a topic that the connection's account administers. Costs $0.01 and $0.01 per key. */
export async function createTopic(connection: Connection, options: TopicOptions): Promise<TopicId> {
  const transaction = new TopicCreateTransaction().setTopicMemo(options.memo).setAdminKey(connection.key.publicKey);
  if (options.submitKey !== undefined) transaction.setSubmitKey(options.submitKey);
  const { topicId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (topicId === undefined) throw new GatepostError('INTERNAL', 'a topic was created but its receipt names none');
  return topicId;
}

/** Says anew who may write to a topic that the connection's account administers. Costs $0.00022. @throws GatepostError as `send` does. */
export async function setSubmitKey(connection: Connection, topic: TopicId, submitKey: PublicKey): Promise<void> {
  await send(connection, new TopicUpdateTransaction().setTopicId(topic).setSubmitKey(submitKey));
}

/** A message of one chunk, not yet prepared. */
export function messageTransaction(topic: TopicId, message: Uint8Array): TopicMessageSubmitTransaction {
  return new TopicMessageSubmitTransaction().setTopicId(topic).setMessage(message).setMaxChunks(1);
}

/** Most that a message may cost its payer: 2 hbar, as the SDK has it. */
const MAX_FEE_TINYBAR = 200_000_000n;

/** Fixes and signs a topic message of one chunk without sending it. */
export function prepareMessage(
  connection: Connection,
  topic: TopicId,
  message: Uint8Array,
  { id = connection.nextTransactionId(), validSeconds = DEFAULT_VALID_SECONDS }: MessageOptions = {},
): PreparedTransaction {
  const nodes = nodesOf(connection).map((node) => accountId(node.toString()));
  const transaction = { id, topic, message, validSeconds, maxFeeTinybar: MAX_FEE_TINYBAR };
  const bytes = messageBytes(transaction, nodes, connection.key);
  return freshlyPrepared(id, bytes, validSeconds, { message: { topic, message, nodes } });
}
