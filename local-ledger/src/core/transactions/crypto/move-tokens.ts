import { demand, Status } from '../../status.js';
import { accountInUse, movableRelation, tokenInUse } from '../entities.js';
import type { HandleContext } from '../handler.js';
import { shortfall } from './custom-fees/shortfall.js';
import { approvedByOwner, netByAccount, type TokenMoves } from './moves.js';
import { spendAllowance } from './spend-allowance.js';

/** Moves tokens along their transfer lists; the payer spends the allowances. */
export function moveTokens(lists: readonly TokenMoves[], context: HandleContext): void {
  for (const list of lists) {
    checkList(list, context);
  }
  for (const { token, moves } of lists) {
    for (const [owner, amount] of approvedByOwner(moves)) {
      spendAllowance({ owner, spender: context.payer, token, amount }, context.state);
    }
  }
  for (const list of lists) {
    moveBalances(list, context);
  }
}

function checkList({ token: num, moves, expectedDecimals }: TokenMoves, { state }: HandleContext): void {
  const token = tokenInUse(state, num);
  demand(expectedDecimals === undefined || expectedDecimals === token.decimals, Status.UNEXPECTED_TOKEN_DECIMALS);
  for (const { account } of moves) {
    movableRelation(state, accountInUse(state, account).num, num);
  }
}

function moveBalances({ token, moves }: TokenMoves, { state, outcome }: HandleContext): void {
  for (const [account, amount] of netByAccount(moves)) {
    const relation = movableRelation(state, account, token);
    const balance = relation.balance + amount;
    demand(balance >= 0n, shortfall(outcome, account, token) ?? Status.INSUFFICIENT_TOKEN_BALANCE);
    state.putRelation({ ...relation, balance });
  }
}
