import type { TokenID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TokenDissociateTransactionBody } from '@gatepost/local-ledger/gen/services_token_dissociate';
import { prices } from '../../fees/price-list.js';
import { tokenNum } from '../../ids.js';
import type { EntityNum, Token, TokenRelation } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, Status } from '../../status.js';
import { anyAccount, anyToken, liveAccount, relationOf } from '../entities.js';
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
    return [anyAccount(state, value.account).key];
  },

  handle(value, { state, outcome }) {
    const account = liveAccount(state, value.account);
    // All relations are looked at before any of them: an id without one says so even when it names no token.
    const ended = value.tokens.map((id) => endedRelation(state, account.num, id));
    for (const { relation, token } of ended) {
      dissociate(state, relation, token);
    }
    outcome.entity = account.num;
  },

  fee: () => flatFee(prices.tokenDissociate),
};

function endedRelation(state: LedgerState, account: EntityNum, id: TokenID) {
  const relation = relationOf(state, account, tokenNum(id) ?? 0);
  const token = anyToken(state, id);
  demand(!token.paused, Status.TOKEN_IS_PAUSED);
  return { relation, token };
}

function dissociate(state: LedgerState, relation: TokenRelation, token: Token): void {
  if (!token.deleted) {
    demand(token.treasury !== relation.account, Status.ACCOUNT_IS_TREASURY);
    demand(!relation.frozen, Status.ACCOUNT_FROZEN_FOR_TOKEN);
    demand(relation.balance === 0n, Status.TRANSACTION_REQUIRES_ZERO_TOKEN_BALANCES);
  }
  const account = state.accounts.get(relation.account);
  if (relation.automatic && account !== undefined) {
    state.accounts.put(account.num, { ...account, usedAutoAssociations: account.usedAutoAssociations - 1 });
  }
  state.removeRelation(relation.account, token.num);
}
