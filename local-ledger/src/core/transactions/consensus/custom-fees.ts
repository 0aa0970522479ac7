import type { FixedCustomFee } from '@gatepost/local-ledger/gen/services_custom_fees';
import { tokenNum } from '../../ids.js';
import { limits } from '../../limits.js';
import type { TopicFee } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, fail, Status } from '../../status.js';
import { liveAccount } from '../entities.js';

/** The custom fees (HIP-991) that a topic is to have; refuses collectors and tokens that could not take part. */
export function checkedTopicFees(fees: readonly FixedCustomFee[], state: LedgerState): readonly TopicFee[] {
  demand(fees.length <= limits.topicCustomFees, Status.CUSTOM_FEES_LIST_TOO_LONG);
  return fees.map((fee) => checkedFee(fee, state));
}

function checkedFee({ fixedFee, feeCollectorAccountId }: FixedCustomFee, state: LedgerState): TopicFee {
  const collector = liveAccount(state, feeCollectorAccountId, Status.INVALID_CUSTOM_FEE_COLLECTOR).num;
  const { amount, denominatingTokenId } = fixedFee ?? fail(Status.CUSTOM_FEE_NOT_FULLY_SPECIFIED);
  demand(amount > 0n, Status.CUSTOM_FEE_MUST_BE_POSITIVE);
  if (denominatingTokenId === undefined) {
    return { amount, token: undefined, collector };
  }
  const token = state.tokens.get(tokenNum(denominatingTokenId) ?? 0);
  demand(token !== undefined && !token.deleted, Status.INVALID_TOKEN_ID_IN_CUSTOM_FEES);
  demand(state.relation(collector, token.num) !== undefined, Status.TOKEN_NOT_ASSOCIATED_TO_FEE_COLLECTOR);
  return { amount, token: token.num, collector };
}
