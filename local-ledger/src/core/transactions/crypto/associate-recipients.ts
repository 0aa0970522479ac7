import { prices } from '../../fees/price-list.js';
import type { EntityNum, Token } from '../../model.js';
import { demand, fail, Status, StatusError } from '../../status.js';
import { accountInUse, newRelation, tokenInUse } from '../entities.js';
import type { HandleContext } from '../handler.js';
import type { Move, TokenMoves } from './moves.js';
import { checkAllowance } from './spend-allowance.js';

/** Associates the accounts of a transfer that lack the token with their free slots (HIP-904). */
export function associateRecipients(lists: readonly TokenMoves[], context: HandleContext): void {
  for (const { token: num, moves } of lists) {
    const token = tokenInUse(context.state, num);
    for (const move of moves) {
      associateIfNeeded(move, token, context);
    }
  }
}

function associateIfNeeded(move: Move, token: Token, context: HandleContext): void {
  const { state } = context;
  const account = accountInUse(state, move.account);
  const relation = state.relation(account.num, token.num);
  if (relation !== undefined) {
    demand(!relation.frozen, Status.ACCOUNT_FROZEN_FOR_TOKEN);
  } else if (account.maxAutoAssociations === 0) {
    refuseUnassociated(move, token.num, context);
  } else {
    associate(account.num, token, context);
  }
}

/** Whoever spends an allowance that is not there hears of that first. */
function refuseUnassociated({ account: owner, amount, isApproval }: Move, token: EntityNum, context: HandleContext) {
  if (isApproval && amount < 0n) {
    checkAllowance({ owner, spender: context.payer, token, amount: -amount }, context.state);
  }
  throw new StatusError(Status.TOKEN_NOT_ASSOCIATED_TO_ACCOUNT);
}

/** Takes one of the account's automatic slots; the payer of the transfer pays the association. */
function associate(num: EntityNum, token: Token, context: HandleContext): void {
  const { state, now, outcome } = context;
  const { maxAutoAssociations: slots, usedAutoAssociations: used } = accountInUse(state, num);
  demand(slots === -1 || used < slots, Status.NO_REMAINING_AUTOMATIC_ASSOCIATIONS);
  demand(token.kycKey === undefined, Status.ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN);
  demand(token.freezeKey === undefined || !token.freezeDefault, Status.ACCOUNT_FROZEN_FOR_TOKEN);
  context.charge(prices.associateExtra);
  const current = state.accounts.get(num) ?? fail(Status.INVALID_ACCOUNT_ID);
  state.accounts.put(num, { ...current, usedAutoAssociations: current.usedAutoAssociations + 1 });
  state.putRelation(newRelation(token, num, true, now));
  outcome.automaticAssociations ??= [];
  outcome.automaticAssociations.push({ account: num, token: token.num });
}
