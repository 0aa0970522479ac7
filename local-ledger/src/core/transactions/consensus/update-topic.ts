import type { Key } from '../../../gen/services_basic_types.js';
import type { ConsensusUpdateTopicTransactionBody } from '../../../gen/services_consensus_update_topic.js';
import { prices } from '../../fees/price-list.js';
import { isZeroAccount } from '../../ids.js';
import { anyOf } from '../../keys/key-activation.js';
import { checkOptionalKey, keyOrNone } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import type { Nanos, Topic } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { secondsToNanos, toNanos } from '../../time.js';
import { liveAccount, liveTopic } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';
import { checkedRenewal } from '../renewal.js';

type Update = ConsensusUpdateTopicTransactionBody;

/** ConsensusUpdateTopic: changes the given attributes; an empty key list removes a key. */
export const updateTopic: TransactionHandler<Update> = {
  name: 'CONSENSUSUPDATETOPIC',
  schedulable: false,

  pureChecks(value) {
    demand(value.topicID !== undefined, Status.INVALID_TOPIC_ID);
    const customFees = value.customFees ?? value.feeExemptKeyList ?? value.feeScheduleKey;
    demand(customFees === undefined, Status.NOT_SUPPORTED);
  },

  preHandle(value, context) {
    const topic = liveTopic(context.state, value.topicID);
    if (changesOnly(value, ['expirationTime'])) {
      return [];
    }
    if (changesOnly(value, ['submitKey'])) {
      const holders = [topic.submitKey ?? [], topic.adminKey ?? []].flat();
      return holders.length > 0 ? [anyOf(holders)] : fail(Status.UNAUTHORIZED);
    }
    const admin = topic.adminKey ?? fail(Status.UNAUTHORIZED);
    return [admin, keyOrNone(value.adminKey) ?? [], newRenewerKey(value, context) ?? []].flat();
  },

  handle(value, context) {
    const topic = liveTopic(context.state, value.topicID);
    context.state.topics.put(topic.num, { ...topic, ...changesOf(value, topic, context) });
    context.outcome.entity = topic.num;
    context.outcome.topicId = topic.num;
  },

  fee: (value) => feeWithKeys(prices.updateTopic, [value.adminKey, value.submitKey], 1),
};

/** Whether the update sets nothing but these attributes. */
function changesOnly(value: Update, names: readonly (keyof Update)[]): boolean {
  const settable = ['memo', 'expirationTime', 'adminKey', 'submitKey', 'autoRenewPeriod', 'autoRenewAccount'] as const;
  return settable.every((name) => value[name] === undefined || names.includes(name));
}

function newRenewerKey(value: Update, { state }: KeyContext): Key | undefined {
  const id = value.autoRenewAccount;
  return id === undefined || isZeroAccount(id)
    ? undefined
    : liveAccount(state, id, Status.INVALID_AUTORENEW_ACCOUNT).key;
}

function changesOf(value: Update, topic: Topic, { state, now }: HandleContext): Partial<Topic> {
  checkOptionalKey(value.adminKey, Status.INVALID_ADMIN_KEY);
  checkOptionalKey(value.submitKey, Status.INVALID_SUBMIT_KEY);
  if (value.memo !== undefined) {
    checkMemo(value.memo);
  }
  const renewer = value.autoRenewAccount;
  return {
    memo: value.memo ?? topic.memo,
    adminKey: value.adminKey === undefined ? topic.adminKey : keyOrNone(value.adminKey),
    submitKey: value.submitKey === undefined ? topic.submitKey : keyOrNone(value.submitKey),
    autoRenewSeconds: value.autoRenewPeriod ? checkedRenewal(value.autoRenewPeriod) : topic.autoRenewSeconds,
    autoRenewAccount:
      renewer === undefined
        ? topic.autoRenewAccount
        : isZeroAccount(renewer)
          ? undefined
          : liveAccount(state, renewer, Status.INVALID_AUTORENEW_ACCOUNT).num,
    expiry: value.expirationTime ? checkedExpiry(toNanos(value.expirationTime), topic, now) : topic.expiry,
  };
}

function checkedExpiry(expiry: Nanos, topic: Topic, now: Nanos): Nanos {
  const latest = now + secondsToNanos(limits.maxAutoRenewSeconds);
  demand(expiry > now && expiry <= latest, Status.INVALID_EXPIRATION_TIME);
  demand(expiry >= topic.expiry, Status.EXPIRATION_REDUCTION_NOT_ALLOWED);
  return expiry;
}
