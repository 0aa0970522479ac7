import type { TokenFeeScheduleUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_token_fee_schedule_update';
import { prices } from '../../fees/price-list.js';
import { demand, Status } from '../../status.js';
import { anyToken, liveToken } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { collectorKeys } from './collector-keys.js';
import { checkedTokenFees, checkFeeCount } from './custom-fees.js';

/** TokenFeeScheduleUpdate (HIP-18): replaces a token's custom fees; an empty list removes them. */
export const tokenFeeScheduleUpdate: TransactionHandler<TokenFeeScheduleUpdateTransactionBody> = {
  name: 'TOKENFEESCHEDULEUPDATE',
  schedulable: false,

  pureChecks(value) {
    demand(value.tokenId !== undefined, Status.INVALID_TOKEN_ID);
  },

  preHandle(value, { state }) {
    const { feeScheduleKey } = anyToken(state, value.tokenId);
    return feeScheduleKey === undefined ? [] : [feeScheduleKey, ...collectorKeys(value.customFees, state, () => false)];
  },

  handle(value, { state, now, outcome }) {
    const token = liveToken(state, value.tokenId);
    demand(token.feeScheduleKey !== undefined, Status.TOKEN_HAS_NO_FEE_SCHEDULE_KEY);
    checkFeeCount(value.customFees);
    const isChange = token.customFees.length > 0 || value.customFees.length > 0;
    demand(isChange, Status.CUSTOM_SCHEDULE_ALREADY_HAS_NO_FEES);
    const customFees = checkedTokenFees(value.customFees, { num: token.num, isNew: false }, state);
    state.tokens.put(token.num, { ...token, customFees, customFeesSince: now });
    outcome.entity = token.num;
  },

  fee: () => flatFee(prices.tokenOperation),
};
