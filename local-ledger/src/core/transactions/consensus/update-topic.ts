import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { ConsensusUpdateTopicTransactionBody } from '@gatepost/local-ledger/gen/services_consensus_update_topic';
import { prices } from '../../fees/price-list.js';
import { isZeroAccount } from '../../ids.js';
import { anyOf } from '../../keys/key-activation.js';
import { checkOptionalKey, isEmptyKeyList, isVoidKey, keyOrNone } from '../../keys/key-structure.js';
import type { Topic } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { anyAccount, liveAccount, liveTopic } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';
import { checkedExpiry, checkedRenewal } from '../renewal.js';
import { checkedTopicFees } from './custom-fees.js';
import { checkDistinctExemptKeys, checkExemptKeys } from './fee-keys.js';

type Update = ConsensusUpdateTopicTransactionBody;

/** ConsensusUpdateTopic: changes the given attributes; an empty key list removes a key. */
export const updateTopic: TransactionHandler<Update> = {
  name: 'CONSENSUSUPDATETOPIC',
  schedulable: false,

  pureChecks(value) {
    demand(value.topicID !== undefined, Status.INVALID_TOPIC_ID);
    checkDistinctExemptKeys(value.feeExemptKeyList?.keys ?? []);
  },

  preHandle(value, context) {
    const topic = liveTopic(context.state, value.topicID);
    if (changesOnly(value, 'expirationTime')) {
      return [];
    }
    if (changesOnly(value, 'submitKey')) {
      const holders = [topic.submitKey ?? [], topic.adminKey ?? []].flat();
      return holders.length > 0 ? [anyOf(holders)] : fail(Status.UNAUTHORIZED);
    }
    const feeKey = value.customFees && (topic.feeScheduleKey ?? fail(Status.FEE_SCHEDULE_KEY_NOT_SET));
    if (feeKey !== undefined && changesOnly(value, 'customFees')) {
      return [feeKey];
    }
    checkOptionalKey(value.adminKey, Status.BAD_ENCODING);
    const admin = topic.adminKey ?? fail(Status.UNAUTHORIZED);
    return [admin, keyOrNone(value.adminKey) ?? [], newRenewerKey(value, context) ?? [], feeKey ?? []].flat();
  },

  handle(value, context) {
    const topic = liveTopic(context.state, value.topicID);
    checkRenewerHasAdmin(value, topic);
    context.state.topics.put(topic.num, { ...topic, ...changesOf(value, topic, context) });
    context.outcome.entity = topic.num;
  },

  fee: (value) => feeWithKeys(prices.updateTopic, [value.adminKey, value.submitKey, value.feeScheduleKey], 1),
};

const settable = [
  'memo',
  'expirationTime',
  'adminKey',
  'submitKey',
  'autoRenewPeriod',
  'autoRenewAccount',
  'feeScheduleKey',
  'feeExemptKeyList',
  'customFees',
] as const;

/** Whether the update sets this attribute and no other. */
function changesOnly(value: Update, only: (typeof settable)[number]): boolean {
  return settable.every((name) => (value[name] !== undefined) === (name === only));
}

/** A topic that nobody administers cannot keep an account that renews it. */
function checkRenewerHasAdmin({ adminKey, autoRenewAccount }: Update, topic: Topic): void {
  const losesAdmin = adminKey !== undefined && isEmptyKeyList(adminKey);
  const losesRenewer = autoRenewAccount !== undefined && isZeroAccount(autoRenewAccount);
  const isAllowed = !losesAdmin || losesRenewer || topic.autoRenewAccount === undefined;
  demand(isAllowed, Status.AUTORENEW_ACCOUNT_NOT_ALLOWED);
}

function newRenewerKey(value: Update, { state }: KeyContext): Key | undefined {
  const id = value.autoRenewAccount;
  return id === undefined || isZeroAccount(id)
    ? undefined
    : anyAccount(state, id, Status.INVALID_AUTORENEW_ACCOUNT).key;
}

const noKey: Key = { key: { $case: 'keyList', value: { keys: [] } } };

function changesOf(value: Update, topic: Topic, { state, now }: HandleContext): Partial<Topic> {
  const submitKey = value.submitKey && isVoidKey(value.submitKey) ? noKey : value.submitKey;
  checkOptionalKey(submitKey, Status.BAD_ENCODING);
  checkFeeKeys(value, topic);
  if (value.memo !== undefined) {
    checkMemo(value.memo);
  }
  const renewer = value.autoRenewAccount;
  return {
    memo: value.memo ?? topic.memo,
    adminKey: value.adminKey === undefined ? topic.adminKey : keyOrNone(value.adminKey),
    submitKey: submitKey === undefined ? topic.submitKey : keyOrNone(submitKey),
    feeScheduleKey: value.feeScheduleKey === undefined ? topic.feeScheduleKey : keyOrNone(value.feeScheduleKey),
    customFees: value.customFees ? checkedTopicFees(value.customFees.fees, state) : topic.customFees,
    feeExemptKeys: value.feeExemptKeyList?.keys ?? topic.feeExemptKeys,
    autoRenewSeconds: value.autoRenewPeriod ? checkedRenewal(value.autoRenewPeriod) : topic.autoRenewSeconds,
    autoRenewAccount:
      renewer === undefined
        ? topic.autoRenewAccount
        : isZeroAccount(renewer)
          ? undefined
          : liveAccount(state, renewer, Status.INVALID_AUTORENEW_ACCOUNT, Status.INVALID_AUTORENEW_ACCOUNT).num,
    expiry: value.expirationTime ? checkedExpiry(value.expirationTime, topic.expiry, now) : topic.expiry,
  };
}

/** A topic made without a fee schedule key never gets one (HIP-991). */
function checkFeeKeys({ feeScheduleKey, feeExemptKeyList }: Update, topic: Topic): void {
  const isChangeable = feeScheduleKey === undefined || topic.feeScheduleKey !== undefined;
  demand(isChangeable, Status.FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED);
  checkOptionalKey(feeScheduleKey, Status.INVALID_CUSTOM_FEE_SCHEDULE_KEY);
  checkExemptKeys(feeExemptKeyList?.keys ?? []);
}
