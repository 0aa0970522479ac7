import type { TokenBurnTransactionBody } from '@gatepost/local-ledger/gen/services_token_burn';
import { prices } from '../../fees/price-list.js';
import { isNonNegative } from '../../int64.js';
import { demand, Status } from '../../status.js';
import { anyToken, liveToken, movableRelation } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { checkSerials } from './serials.js';
import { changeSupply } from './supply.js';

/** TokenBurn: units of the treasury cease to exist. */
export const tokenBurn: TransactionHandler<TokenBurnTransactionBody> = {
  name: 'TOKENBURN',
  schedulable: true,

  pureChecks(value) {
    demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
    demand(value.amount === 0n || value.serialNumbers.length === 0, Status.INVALID_TRANSACTION_BODY);
    demand(isNonNegative(value.amount), Status.INVALID_TOKEN_BURN_AMOUNT);
    checkSerials(value.serialNumbers);
  },

  preHandle(value, { state }) {
    return [anyToken(state, value.token).supplyKey ?? []].flat();
  },

  handle(value, context) {
    const token = liveToken(context.state, value.token);
    demand(token.supplyKey !== undefined, Status.TOKEN_HAS_NO_SUPPLY_KEY);
    movableRelation(context.state, token.treasury, token.num);
    demand(value.amount <= token.totalSupply, Status.INVALID_TOKEN_BURN_AMOUNT);
    changeSupply(token, -value.amount, context);
  },

  fee: () => flatFee(prices.tokenOperation),
};
