import type { PublicKey, TopicMessageSubmitTransaction } from '@hashgraph/sdk';
import type { PreparedTransaction } from '../ledger/ledger.js';
import { GatepostError } from '../vocabulary/errors.js';
import type { TopicId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { type PrepareOptions, prepare, send } from './transaction.js';

export interface TopicOptions {
  /** At most 100 bytes. */
  readonly memo: string;
  /** Who may write; anyone when left out. */
  readonly submitKey?: PublicKey;
}

/** Creates a topic that the connection's account administers. Costs $0.01 and $0.01 per key. */
export async function createTopic(connection: Connection, options: TopicOptions): Promise<TopicId> {
  const transaction = new sdk.TopicCreateTransaction().setTopicMemo(options.memo).setAdminKey(connection.key.publicKey);
  if (options.submitKey !== undefined) transaction.setSubmitKey(options.submitKey);
  const { topicId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (topicId === undefined) throw new GatepostError('INTERNAL', 'a topic was created but its receipt names none');
  return topicId;
}

/** Says anew who may write to a topic that the connection's account administers. Costs $0.00022. @throws GatepostError as `send` does. */
export async function setSubmitKey(connection: Connection, topic: TopicId, submitKey: PublicKey): Promise<void> {
  await send(connection, new sdk.TopicUpdateTransaction().setTopicId(topic).setSubmitKey(submitKey));
}

/** A message of one chunk, not yet prepared. */
export function messageTransaction(topic: TopicId, message: Uint8Array): TopicMessageSubmitTransaction {
  return new sdk.TopicMessageSubmitTransaction().setTopicId(topic).setMessage(message).setMaxChunks(1);
}

/** Fixes and signs a topic message without sending it. */
export function prepareMessage(
  connection: Connection,
  topic: TopicId,
  message: Uint8Array,
  options: PrepareOptions = {},
): Promise<PreparedTransaction> {
  return prepare(connection, messageTransaction(topic, message), options);
}
