import type { ConsensusDeleteTopicTransactionBody } from '@gatepost/local-ledger/gen/services_consensus_delete_topic';
import { prices } from '../../fees/price-list.js';
import { demand, fail, Status } from '../../status.js';
import { anyTopic } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';

/** ConsensusDeleteTopic: the topic takes no more messages; those it has stay on the mirror. May be repeated. */
export const deleteTopic: TransactionHandler<ConsensusDeleteTopicTransactionBody> = {
  name: 'CONSENSUSDELETETOPIC',
  schedulable: false,

  pureChecks(value) {
    demand(value.topicID !== undefined, Status.INVALID_TOPIC_ID);
  },

  preHandle(value, { state }) {
    return [anyTopic(state, value.topicID).adminKey ?? fail(Status.UNAUTHORIZED)];
  },

  handle(value, { state, outcome }) {
    const topic = anyTopic(state, value.topicID);
    state.topics.put(topic.num, { ...topic, deleted: true });
    outcome.entity = topic.num;
  },

  fee: () => flatFee(prices.deleteTopic),
};
