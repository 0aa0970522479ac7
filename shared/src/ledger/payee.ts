import type { TokenAmount } from '../vocabulary/amount.js';
import type { AccountId } from '../vocabulary/ids.js';

/** Who gets how much of a token. */
export interface Payee {
  readonly to: AccountId;
  readonly amount: TokenAmount;
}
