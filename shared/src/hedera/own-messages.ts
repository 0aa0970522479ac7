import type { OwnMessage } from '../ledger/ledger.js';
import { type AccountId, topicId, transactionIdFromMirror } from '../vocabulary/ids.js';
import type { Nanos } from '../vocabulary/time.js';
import type { MirrorRest } from './mirror-rest.js';

/** The messages that an account has submitted after a time, over REST, oldest first. */
export async function* ownMessages(mirror: MirrorRest, account: AccountId, after: Nanos): AsyncGenerator<OwnMessage> {
  for await (const entry of mirror.messageTransactionsOf(account, after)) {
    const { transaction_id: id, consensus_timestamp: at, entity_id: topic, scheduled, result } = entry;
    if (scheduled || result !== 'SUCCESS' || topic === null || !id.startsWith(`${account}-`)) continue;
    yield { id: transactionIdFromMirror(id), topic: topicId(topic), at };
  }
}
