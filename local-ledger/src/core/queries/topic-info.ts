import type { ConsensusGetTopicInfoQuery } from '@gatepost/local-ledger/gen/services_consensus_get_topic_info';
import { accountId, tokenId, topicId } from '../ids.js';
import { toWholeTimestamp } from '../time.js';
import { liveTopic } from '../transactions/entities.js';
import { LEDGER_ID, type QueryHandler } from './query.js';

/** ConsensusGetTopicInfo: deleted topics answer like unknown ones. */
export const getTopicInfo: QueryHandler<ConsensusGetTopicInfoQuery> = {
  isPaid: true,
  answer(value, header, { state }) {
    const topic = liveTopic(state, value.topicID);
    const topicInfo = {
      memo: topic.memo,
      runningHash: topic.runningHash,
      sequenceNumber: topic.sequenceNumber,
      expirationTime: toWholeTimestamp(topic.expiry),
      adminKey: topic.adminKey,
      submitKey: topic.submitKey,
      autoRenewPeriod: { seconds: topic.autoRenewSeconds },
      autoRenewAccount: topic.autoRenewAccount === undefined ? undefined : accountId(topic.autoRenewAccount),
      ledgerId: LEDGER_ID,
      feeScheduleKey: topic.feeScheduleKey,
      feeExemptKeyList: [...topic.feeExemptKeys],
      customFees: topic.customFees.map(({ amount, token, collector }) => ({
        fixedFee: { amount, denominatingTokenId: token === undefined ? undefined : tokenId(token) },
        feeCollectorAccountId: accountId(collector),
      })),
    };
    return { $case: 'consensusGetTopicInfo', value: { header, topicID: topicId(topic.num), topicInfo } };
  },
  bare: (header) => ({
    $case: 'consensusGetTopicInfo',
    value: { header, topicID: undefined, topicInfo: undefined },
  }),
};
