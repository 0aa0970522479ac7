import { limits } from '../../limits.js';
import type { Token } from '../../model.js';
import { demand, Status } from '../../status.js';
import { movableRelation } from '../entities.js';
import type { HandleContext } from '../handler.js';

/** Adds `amount`, negative to burn, to the treasury's balance and the total supply. */
export function changeSupply(token: Token, amount: bigint, { state, outcome }: HandleContext): void {
  const relation = movableRelation(state, token.treasury, token.num);
  const balance = relation.balance + amount;
  demand(balance >= 0n, Status.INSUFFICIENT_TOKEN_BALANCE);
  const totalSupply = token.totalSupply + amount;
  demand(totalSupply <= limits.maxInt64, Status.INVALID_TOKEN_MINT_AMOUNT);
  state.putRelation({ ...relation, balance });
  state.tokens.put(token.num, { ...token, totalSupply });
  outcome.entity = token.num;
  outcome.newTotalSupply = totalSupply;
}
