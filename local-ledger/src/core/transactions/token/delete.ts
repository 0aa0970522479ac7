import type { TokenDeleteTransactionBody } from '@gatepost/local-ledger/gen/services_token_delete';
import { prices } from '../../fees/price-list.js';
import { demand, fail, Status } from '../../status.js';
import { anyToken, liveToken } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';

/** TokenDelete: no operation on the token is possible any more; balances stay as they are. */
export const tokenDelete: TransactionHandler<TokenDeleteTransactionBody> = {
  name: 'TOKENDELETION',
  schedulable: false,

  pureChecks(value) {
    demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
  },

  preHandle(value, { state }) {
    return [anyToken(state, value.token).adminKey ?? fail(Status.TOKEN_IS_IMMUTABLE)];
  },

  handle(value, { state, now, outcome }) {
    const token = liveToken(state, value.token);
    state.tokens.put(token.num, { ...token, deleted: true, modified: now });
    outcome.entity = token.num;
  },

  fee: () => flatFee(prices.tokenOperation),
};
