import type { CustomFeeLimit } from '@gatepost/local-ledger/gen/services_custom_fees';
import { tokenNum } from '../../ids.js';
import type { EntityNum, Topic, TopicFee } from '../../model.js';
import { demand, present, Status } from '../../status.js';
import { runTransfers } from '../crypto/run-transfers.js';
import { relationOf, resolveAccount } from '../entities.js';
import type { HandleContext } from '../handler.js';

/**
 * Moves a topic's custom fees (HIP-991) from the submitter to their collectors, within the limits it set. A token in
 * which they are paid may have custom fees of its own.
 */
export function assessTopicFees(topic: Topic, context: HandleContext): void {
  const due = topic.customFees.filter((fee) => owes(fee, context));
  const isExempt = topic.feeExemptKeys.some((key) => context.isSatisfied(key));
  if (due.length === 0 || isExempt) {
    return;
  }
  checkLimits(due, context);
  for (const fee of due) {
    pay(fee, context);
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

function pay({ amount, token, collector }: TopicFee, context: HandleContext): void {
  const { state, payer } = context;
  if (token !== undefined) {
    // A payer gets no association for what it is to pay.
    relationOf(state, payer, token);
  }
  const moves = [
    { account: payer, amount: -amount, isApproval: false },
    { account: collector, amount, isApproval: false },
  ];
  const transfers =
    token === undefined
      ? { hbar: moves, tokens: [], aliased: noAccounts }
      : { hbar: [], tokens: [{ token, moves, expectedDecimals: undefined }], aliased: noAccounts };
  runTransfers(transfers, context, [{ amount, token, collector, payers: [payer] }]);
}

const noAccounts: ReadonlySet<EntityNum> = new Set();
