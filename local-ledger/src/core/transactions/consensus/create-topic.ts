import type { ConsensusCreateTopicTransactionBody } from '@gatepost/local-ledger/gen/services_consensus_create_topic';
import { prices } from '../../fees/price-list.js';
import { checkGivenKey } from '../../keys/key-structure.js';
import { fail, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { secondsToNanos } from '../../time.js';
import { anyAccount, liveAccount } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { checkedRenewal } from '../renewal.js';
import { checkedTopicFees } from './custom-fees.js';
import { checkDistinctExemptKeys, checkExemptKeys } from './fee-keys.js';

/** Bytes of the running hash before the first message. */
const emptyHash = new Uint8Array(48);

/** ConsensusCreateTopic. */
export const createTopic: TransactionHandler<ConsensusCreateTopicTransactionBody> = {
  name: 'CONSENSUSCREATETOPIC',
  schedulable: false,

  pureChecks(value) {
    checkDistinctExemptKeys(value.feeExemptKeyList);
  },

  preHandle(value, { state }) {
    checkGivenKey(value.adminKey, Status.BAD_ENCODING);
    const admin = value.adminKey;
    const renewer =
      value.autoRenewAccount && anyAccount(state, value.autoRenewAccount, Status.INVALID_AUTORENEW_ACCOUNT);
    return [admin ?? [], renewer?.key ?? []].flat();
  },

  handle(value, { state, now, outcome }) {
    checkGivenKey(value.submitKey, Status.BAD_ENCODING);
    checkGivenKey(value.feeScheduleKey, Status.INVALID_CUSTOM_FEE_SCHEDULE_KEY);
    checkExemptKeys(value.feeExemptKeyList);
    checkMemo(value.memo);
    const renewal = checkedRenewal(value.autoRenewPeriod ?? fail(Status.AUTORENEW_DURATION_NOT_IN_RANGE));
    const renewer =
      value.autoRenewAccount &&
      liveAccount(state, value.autoRenewAccount, Status.INVALID_AUTORENEW_ACCOUNT, Status.INVALID_AUTORENEW_ACCOUNT);
    const num = state.newEntity();
    state.topics.put(num, {
      num,
      memo: value.memo,
      adminKey: value.adminKey,
      submitKey: value.submitKey,
      feeScheduleKey: value.feeScheduleKey,
      customFees: checkedTopicFees(value.customFees, state),
      feeExemptKeys: value.feeExemptKeyList,
      autoRenewAccount: renewer?.num,
      autoRenewSeconds: renewal,
      expiry: now + secondsToNanos(renewal),
      created: now,
      deleted: false,
      sequenceNumber: 0n,
      runningHash: emptyHash,
    });
    outcome.entity = num;
    outcome.topicId = num;
  },

  fee: (value) =>
    feeWithKeys(
      value.customFees.length > 0 ? prices.createTopicWithFees : prices.createTopic,
      [value.adminKey, value.submitKey, value.feeScheduleKey],
      0,
    ),
};
