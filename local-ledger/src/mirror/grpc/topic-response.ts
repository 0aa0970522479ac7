import { ConsensusTopicResponse } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import type { AccountID, TransactionID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TransactionKey } from '../../core/model.js';
import type { TopicMessage } from '../../core/record-item.js';
import { toProtoTimestamp } from '../format/timestamp.js';

/** A message as the stream carries it. */
export function encodeTopicResponse(message: TopicMessage): Buffer {
  const { chunk } = message;
  return Buffer.from(
    ConsensusTopicResponse.encode({
      consensusTimestamp: toProtoTimestamp(message.consensusTimestamp),
      message: message.message,
      runningHash: message.runningHash,
      sequenceNumber: message.sequenceNumber,
      runningHashVersion: BigInt(message.runningHashVersion),
      chunkInfo:
        chunk === undefined
          ? undefined
          : {
              initialTransactionID: toProtoTransactionId(chunk.initialTransactionId),
              number: chunk.number,
              total: chunk.total,
            },
    }).finish(),
  );
}

function toProtoTransactionId(key: TransactionKey): TransactionID {
  return {
    accountID: toProtoAccountId(key.payer),
    transactionValidStart: toProtoTimestamp(key.validStart),
    scheduled: key.scheduled,
    nonce: key.nonce,
  };
}

export function toProtoAccountId(num: number): AccountID {
  return { shardNum: 0n, realmNum: 0n, account: { $case: 'accountNum', value: BigInt(num) } };
}
