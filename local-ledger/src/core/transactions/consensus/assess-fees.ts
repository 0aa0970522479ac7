import type { CustomFeeLimit } from '@gatepost/local-ledger/gen/services_custom_fees';
import { tokenNum } from '../../ids.js';
import type { EntityNum, Topic, TopicFee } from '../../model.js';
import { demand, present, Status } from '../../status.js';
import { movableRelation, resolveAccount } from '../entities.js';
import type { HandleContext } from '../handler.js';

/** Moves a topic's custom fees (HIP-991) from the submitter to their collectors, within the limits it set. */
export function assessTopicFees(topic: Topic, context: HandleContext): void {
  const due = topic.customFees.filter((fee) => owes(fee, context));
  const isExempt = topic.feeExemptKeys.some((key) => context.isSatisfied(key));
  if (due.length === 0 || isExempt) {
    return;
  }
  checkLimits(due, context);
  for (const fee of due) {
    pay(fee, context);
    context.outcome.assessedFees ??= [];
    context.outcome.assessedFees.push({ ...fee, payer: context.payer });
  }
}

/** Collectors of a fee and the treasury of its token do not pay it. */
function owes({ collector, token }: TopicFee, { state, payer }: HandleContext): boolean {
  const treasury = token === undefined ? undefined : state.tokens.get(token)?.treasury;
  return payer !== collector && payer !== treasury;
}

/** A payer that sets limits sets one for each denomination that is due; none at all accepts any fee. */
function checkLimits(due: readonly TopicFee[], { body, state, payer }: HandleContext): void {
  if (body.maxCustomFees.length === 0) {
    return;
  }
  const own = body.maxCustomFees.filter(({ accountId }) => resolveAccount(state, accountId) === payer);
  for (const denomination of new Set(due.map(({ token }) => token))) {
    const owed = due.filter(({ token }) => token === denomination).reduce((sum, { amount }) => sum + amount, 0n);
    const limit = present(limitOf(own, denomination), Status.NO_VALID_MAX_CUSTOM_FEE);
    demand(owed <= limit, Status.MAX_CUSTOM_FEE_LIMIT_EXCEEDED);
  }
}

function limitOf(limits: readonly CustomFeeLimit[], token: EntityNum | undefined): bigint | undefined {
  const fees = limits.flatMap((limit) => limit.fees);
  return fees.find(({ denominatingTokenId: id }) => (id && tokenNum(id)) === token)?.amount;
}

function pay({ amount, token, collector }: TopicFee, { state, payer }: HandleContext): void {
  if (token !== undefined) {
    payInToken(amount, { state, token, payer, collector });
    return;
  }
  const from = present(state.accounts.get(payer), Status.PAYER_ACCOUNT_NOT_FOUND);
  demand(from.balance >= amount, Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
  const to = present(state.accounts.get(collector), Status.INVALID_CUSTOM_FEE_COLLECTOR);
  demand(!to.deleted, Status.ACCOUNT_DELETED);
  state.accounts.put(payer, { ...from, balance: from.balance - amount });
  state.accounts.put(collector, { ...to, balance: to.balance + amount });
}

interface TokenPayment extends Pick<HandleContext, 'state' | 'payer'> {
  readonly token: EntityNum;
  readonly collector: EntityNum;
}

function payInToken(amount: bigint, { state, token, payer, collector }: TokenPayment): void {
  const { deleted, paused } = present(state.tokens.get(token), Status.INVALID_TOKEN_ID);
  demand(!deleted, Status.TOKEN_WAS_DELETED);
  demand(!paused, Status.TOKEN_IS_PAUSED);
  const from = movableRelation(state, payer, token);
  demand(from.balance >= amount, Status.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE);
  const to = movableRelation(state, collector, token);
  state.putRelation({ ...from, balance: from.balance - amount });
  state.putRelation({ ...to, balance: to.balance + amount });
}
