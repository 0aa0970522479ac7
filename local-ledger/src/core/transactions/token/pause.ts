import type { TokenID } from '@gatepost/local-ledger/gen/services_basic_types';
import { prices } from '../../fees/price-list.js';
import { demand, fail, Status } from '../../status.js';
import { anyToken } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';

function pausing(name: string, paused: boolean): TransactionHandler<{ readonly token: TokenID | undefined }> {
  return {
    name,
    schedulable: false,

    pureChecks(value) {
      demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
    },

    preHandle(value, { state }) {
      return [anyToken(state, value.token).pauseKey ?? fail(Status.TOKEN_HAS_NO_PAUSE_KEY)];
    },

    handle(value, { state, outcome }) {
      const token = anyToken(state, value.token);
      demand(!token.deleted, Status.TOKEN_WAS_DELETED);
      state.tokens.put(token.num, { ...token, paused });
      outcome.entity = token.num;
    },

    fee: () => flatFee(prices.tokenOperation),
  };
}

/** TokenPause: no unit of the token moves until it is unpaused. */
export const tokenPause = pausing('TOKENPAUSE', true);

/** TokenUnpause. */
export const tokenUnpause = pausing('TOKENUNPAUSE', false);
