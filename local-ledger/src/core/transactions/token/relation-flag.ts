import type { AccountID, Key, TokenID } from '@gatepost/local-ledger/gen/services_basic_types';
import { prices } from '../../fees/price-list.js';
import type { Token, TokenRelation } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { anyToken, liveAccount, liveToken, relationOf } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';

/** The body that freeze, unfreeze, grant and revoke share. */
export interface TokenAndAccount {
  readonly token: TokenID | undefined;
  readonly account: AccountID | undefined;
}

/** How one of the four differs from the others. */
interface RelationFlag {
  readonly name: string;
  /** The key that may set the flag. */
  readonly key: (token: Token) => Key | undefined;
  readonly missingKey: Status;
  readonly change: Partial<TokenRelation>;
  /** Whether it can be set for a frozen account. */
  readonly evenFrozen: boolean;
}

/** A transaction that sets a flag of an account's relation to a token. */
export function relationFlag(flag: RelationFlag): TransactionHandler<TokenAndAccount> {
  const { name, key, missingKey, change, evenFrozen } = flag;
  return {
    name,
    schedulable: false,

    pureChecks(value) {
      demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
      demand(value.account?.account !== undefined, Status.INVALID_ACCOUNT_ID);
    },

    preHandle(value, { state }) {
      return [key(anyToken(state, value.token)) ?? fail(missingKey)];
    },

    handle(value, { state, outcome }) {
      const token = liveToken(state, value.token);
      const account = liveAccount(state, value.account);
      const relation = relationOf(state, account.num, token.num);
      demand(evenFrozen || !relation.frozen, Status.ACCOUNT_FROZEN_FOR_TOKEN);
      state.putRelation({ ...relation, ...change });
      outcome.entity = account.num;
    },

    fee: () => flatFee(prices.tokenOperation),
  };
}
