import type { TokenWipeAccountTransactionBody } from '@gatepost/local-ledger/gen/services_token_wipe_account';
import { prices } from '../../fees/price-list.js';
import { isNonNegative } from '../../int64.js';
import { demand, Status } from '../../status.js';
import { anyToken, liveAccount, liveToken, movableRelation } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { checkSerials } from './serials.js';

/** TokenWipe: units of an account other than the treasury cease to exist. */
export const tokenWipe: TransactionHandler<TokenWipeAccountTransactionBody> = {
  name: 'TOKENWIPE',
  schedulable: false,

  pureChecks(value) {
    demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
    demand(value.account?.account !== undefined, Status.INVALID_ACCOUNT_ID);
    demand(value.amount === 0n || value.serialNumbers.length === 0, Status.INVALID_TRANSACTION_BODY);
    demand(isNonNegative(value.amount), Status.INVALID_WIPING_AMOUNT);
    checkSerials(value.serialNumbers);
  },

  preHandle(value, { state }) {
    return [anyToken(state, value.token).wipeKey ?? []].flat();
  },

  handle(value, { state, outcome }) {
    const account = liveAccount(state, value.account);
    const token = liveToken(state, value.token);
    demand(token.wipeKey !== undefined, Status.TOKEN_HAS_NO_WIPE_KEY);
    demand(account.num !== token.treasury, Status.CANNOT_WIPE_TOKEN_TREASURY_ACCOUNT);
    const relation = movableRelation(state, account.num, token.num);
    demand(value.amount <= relation.balance, Status.INVALID_WIPING_AMOUNT);
    const totalSupply = token.totalSupply - value.amount;
    state.putRelation({ ...relation, balance: relation.balance - value.amount });
    state.tokens.put(token.num, { ...token, totalSupply });
    outcome.entity = token.num;
    outcome.newTotalSupply = totalSupply;
  },

  fee: () => flatFee(prices.tokenOperation),
};
