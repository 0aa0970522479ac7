import { proto } from '@hiero-ledger/proto';
import type { AccountId, TopicId, TransactionId } from '../vocabulary/ids.js';
import type { AccountKey } from './account-key.js';
import {
  accountProto,
  long,
  signaturePair,
  signedTransaction,
  topicProto,
  transactionIdProto,
} from './cosigned/wire.js';

/** A message of one piece to a topic, as one transaction. */
export interface TopicMessageTransaction {
  readonly id: TransactionId;
  readonly topic: TopicId;
  readonly message: Uint8Array;
  readonly validSeconds: number;
  readonly maxFeeTinybar: bigint;
}

/** A message of one piece that was signed for some nodes, in the order of its bytes. */
export interface SignedMessage {
  readonly topic: TopicId;
  readonly message: Uint8Array;
  readonly nodes: readonly AccountId[];
}

/**
 * Signs a message for each of some nodes: the transactions that the SDK makes of it, in less than half the time. Each says by
 * which transaction the message comes, though that is in one piece, as the SDK has it; a subscription shows that.
 * @returns a TransactionList, in the order of the nodes.
 */
export function messageBytes(
  { id, topic, message, validSeconds, maxFeeTinybar }: TopicMessageTransaction,
  nodes: readonly AccountId[],
  key: AccountKey,
): Uint8Array {
  const transactionID = transactionIdProto(id);
  const chunkInfo = { initialTransactionID: transactionID, total: 1, number: 1 };
  const body = {
    transactionID,
    transactionFee: long(maxFeeTinybar),
    transactionValidDuration: { seconds: long(BigInt(validSeconds)) },
    consensusSubmitMessage: { topicID: topicProto(topic), message, chunkInfo },
  };
  const transactionList = nodes.map((node) => {
    const bytes = proto.TransactionBody.encode({ ...body, nodeAccountID: accountProto(node) }).finish();
    return { signedTransactionBytes: signedTransaction(bytes, [signaturePair(key.publicKey, key.sign(bytes))]) };
  });
  return proto.TransactionList.encode({ transactionList }).finish();
}
