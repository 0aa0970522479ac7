import type { ListedTransaction } from '../ledger/ledger.js';
import { type AccountId, topicId, transactionIdFromMirror } from '../vocabulary/ids.js';
import type { Nanos } from '../vocabulary/time.js';
import type { MirrorRest } from './mirror-rest.js';

/** The messages of an account after a time, and those it is otherwise part of, over REST, oldest first. */
export async function* messagesBy(
  mirror: MirrorRest,
  author: AccountId,
  after: Nanos,
): AsyncGenerator<ListedTransaction> {
  for await (const entry of mirror.messageTransactionsOf(author, after)) {
    const { transaction_id: id, consensus_timestamp: at, entity_id: topic, result } = entry;
    if (result === 'SUCCESS' && topic !== null) yield { id: transactionIdFromMirror(id), topic: topicId(topic), at };
  }
}
