import type { TokenAssociateTransactionBody } from '@gatepost/local-ledger/gen/services_token_associate';
import { prices } from '../../fees/price-list.js';
import { demand, Status } from '../../status.js';
import { anyAccount, liveAccount, liveToken, newRelation } from '../entities.js';
import type { TransactionHandler } from '../handler.js';
import { checkTokenIds } from './token-ids.js';

/** TokenAssociate: lets an account hold the given tokens. */
export const tokenAssociate: TransactionHandler<TokenAssociateTransactionBody> = {
  name: 'TOKENASSOCIATE',
  schedulable: false,

  pureChecks(value) {
    demand(value.account?.account !== undefined, Status.INVALID_ACCOUNT_ID);
    checkTokenIds(value.tokens);
  },

  preHandle(value, { state }) {
    return [anyAccount(state, value.account).key];
  },

  handle(value, { state, now, outcome }) {
    const account = liveAccount(state, value.account);
    for (const id of value.tokens) {
      const token = liveToken(state, id);
      const isNew = state.relation(account.num, token.num) === undefined;
      demand(isNew, Status.TOKEN_ALREADY_ASSOCIATED_TO_ACCOUNT);
      state.putRelation(newRelation(token, account.num, false, now));
    }
    outcome.entity = account.num;
  },

  fee: ({ tokens }) => ({
    base: prices.associate,
    extras: [{ name: 'TOKEN_ASSOCIATE', included: 1, count: tokens.length, unit: prices.associateExtra }],
  }),
};
