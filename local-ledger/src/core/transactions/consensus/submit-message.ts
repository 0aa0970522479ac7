import type { ConsensusSubmitMessageTransactionBody } from '@gatepost/local-ledger/gen/services_consensus_submit_message';
import type { Tinycents } from '../../fees/exchange-rate.js';
import type { FeePart } from '../../fees/fee.js';
import { prices } from '../../fees/price-list.js';
import { keyText, topicNum, transactionKey } from '../../ids.js';
import { limits } from '../../limits.js';
import type { TransactionKey } from '../../model.js';
import type { TopicMessage } from '../../record-item.js';
import { demand, fail, Status } from '../../status.js';
import { liveTopic } from '../entities.js';
import type { HandleContext, TransactionHandler } from '../handler.js';
import { assessTopicFees } from './assess-fees.js';
import { checkFeeLimits } from './fee-limits.js';
import { runningHash } from './running-hash.js';

type Submit = ConsensusSubmitMessageTransactionBody;

/** ConsensusSubmitMessage: one message, or one chunk of one, at the end of a topic. */
export const submitMessage: TransactionHandler<Submit> = {
  name: 'CONSENSUSSUBMITMESSAGE',
  schedulable: true,

  pureChecks(value, { maxCustomFees }) {
    demand(value.topicID !== undefined, Status.INVALID_TOPIC_ID);
    demand(value.message.length > 0, Status.INVALID_TOPIC_MESSAGE);
    checkFeeLimits(maxCustomFees);
  },

  preHandle(value, { state }) {
    const { submitKey } = liveTopic(state, value.topicID);
    return submitKey === undefined ? [] : [submitKey];
  },

  handle(value, context) {
    const { state, now, handledAt, payer, crypto, outcome } = context;
    const topic = liveTopic(state, value.topicID);
    demand(value.message.length <= limits.messageBytes, Status.MESSAGE_SIZE_TOO_LARGE);
    const chunk = checkedChunk(value, context);
    if (topic.customFees.length > 0) {
      assessTopicFees(topic, context);
    }
    const sequenceNumber = topic.sequenceNumber + 1n;
    const hashed = {
      previous: topic.runningHash,
      payer,
      topic: topic.num,
      handledAt,
      sequenceNumber,
      message: value.message,
    };
    const hash = runningHash(hashed, crypto);
    state.topics.put(topic.num, { ...topic, sequenceNumber, runningHash: hash });
    outcome.entity = topic.num;
    outcome.message = {
      topic: topic.num,
      sequenceNumber,
      consensusTimestamp: now,
      payer,
      message: value.message,
      runningHash: hash,
      runningHashVersion: 3,
      chunk,
    };
  },

  fee(value, state) {
    const topic = state?.topics.get(topicNum(value.topicID) ?? 0);
    return (topic?.customFees.length ?? 0) > 0
      ? feeBySize(value, {
          base: prices.submitMessageWithFees,
          included: prices.messageBytesWithFeesIncluded,
          unit: prices.messageByteWithFeesExtra,
        })
      : feeBySize(value, {
          base: prices.submitMessage,
          included: prices.messageBytesIncluded,
          unit: prices.messageByteExtra,
        });
  },
};

interface SizePrice {
  readonly base: Tinycents;
  readonly included: number;
  readonly unit: Tinycents;
}

function feeBySize({ message }: Submit, { base, included, unit }: SizePrice): FeePart {
  return { base, extras: [{ name: 'STATE_BYTES', included, count: message.length, unit }] };
}

/** The chunk rules: a number within the total, the payer of the first chunk, and the first chunk's own id. */
function checkedChunk(value: Submit, { transactionId, payer }: HandleContext): TopicMessage['chunk'] {
  const info = value.chunkInfo;
  if (info === undefined) {
    return undefined;
  }
  demand(info.number >= 1 && info.number <= info.total, Status.INVALID_CHUNK_NUMBER);
  const initial = transactionKey(info.initialTransactionID) ?? fail(Status.INVALID_CHUNK_TRANSACTION_ID);
  demand(initial.payer === payer, Status.INVALID_CHUNK_TRANSACTION_ID);
  demand(info.number > 1 || isSame(initial, transactionId), Status.INVALID_CHUNK_TRANSACTION_ID);
  return { initialTransactionId: initial, number: info.number, total: info.total };
}

function isSame(a: TransactionKey, b: TransactionKey): boolean {
  return keyText(a) === keyText(b);
}
