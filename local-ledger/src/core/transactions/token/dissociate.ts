import type { TokenDissociateTransactionBody } from '../../../gen/services_token_dissociate.js';
import { prices } from '../../fees/price-list.js';
import type { EntityNum, Token } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, Status } from '../../status.js';
import { anyToken, liveAccount, relationOf } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { checkTokenIds } from './token-ids.js';

/** TokenDissociate: ends the relation of an account to tokens; a deleted token's remaining balance goes with it. */
export const tokenDissociate: TransactionHandler<TokenDissociateTransactionBody> = {
  name: 'TOKENDISSOCIATE',
  schedulable: false,

  pureChecks(value) {
    demand(value.account?.account !== undefined, Status.INVALID_ACCOUNT_ID);
    checkTokenIds(value.tokens);
  },

  preHandle(value, { state }) {
    return [liveAccount(state, value.account).key];
  },

  handle(value, { state, outcome }) {
    const account = liveAccount(state, value.account);
    for (const id of value.tokens) {
      dissociate(state, account.num, anyToken(state, id));
    }
    outcome.entity = account.num;
  },

  fee: () => flatFee(prices.tokenDissociate),
};

function dissociate(state: LedgerState, num: EntityNum, token: Token): void {
  const relation = relationOf(state, num, token.num);
  if (!token.deleted) {
    demand(!token.paused, Status.TOKEN_IS_PAUSED);
    demand(token.treasury !== num, Status.ACCOUNT_IS_TREASURY);
    demand(!relation.frozen, Status.ACCOUNT_FROZEN_FOR_TOKEN);
    demand(relation.balance === 0n, Status.TRANSACTION_REQUIRES_ZERO_TOKEN_BALANCES);
  }
  const account = state.accounts.get(num);
  if (relation.automatic && account !== undefined) {
    state.accounts.put(num, { ...account, usedAutoAssociations: account.usedAutoAssociations - 1 });
  }
  state.removeRelation(num, token.num);
}
