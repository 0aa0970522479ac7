import type { EntityNum, Token } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { movableRelation, newRelation, relationOf } from '../entities.js';
import type { HandleContext } from '../handler.js';

/** Hands the old treasury's whole balance to the new one, associating that with a free automatic slot. */
export function moveTreasury(token: Token, next: EntityNum, { state, now, outcome }: HandleContext): void {
  if (next === token.treasury) {
    return;
  }
  if (state.relation(next, token.num) === undefined) {
    const account = state.accounts.get(next) ?? fail(Status.INVALID_ACCOUNT_ID);
    const { maxAutoAssociations, usedAutoAssociations } = account;
    const isFree = maxAutoAssociations === -1 || usedAutoAssociations < maxAutoAssociations;
    demand(isFree, Status.NO_REMAINING_AUTOMATIC_ASSOCIATIONS);
    state.accounts.put(next, { ...account, usedAutoAssociations: usedAutoAssociations + 1 });
    state.putRelation(newRelation(token, next, true, now));
    outcome.automaticAssociations = [{ account: next, token: token.num }];
  }
  const from = movableRelation(state, token.treasury, token.num);
  const to = relationOf(state, next, token.num);
  state.putRelation({ ...from, balance: 0n });
  // A treasury is never frozen for its token, nor lacks KYC.
  state.putRelation({ ...to, frozen: false, kycGranted: true, balance: to.balance + from.balance });
}
