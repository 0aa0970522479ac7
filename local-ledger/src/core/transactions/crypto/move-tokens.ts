import type { TokenTransferList } from '@gatepost/local-ledger/gen/services_basic_types';
import { prices } from '../../fees/price-list.js';
import type { Account, Token } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { liveAccount, liveToken, movableRelation, newRelation } from '../entities.js';
import type { HandleContext } from '../handler.js';

/** Moves one token along a transfer list, associating recipients that have a free slot (HIP-904). */
export function moveTokens(list: TokenTransferList, context: HandleContext): void {
  const { state } = context;
  const token = liveToken(state, list.token);
  demand(list.nftTransfers.length === 0, Status.NFT_TRANSFERS_ONLY_ALLOWED_FOR_NON_FUNGIBLE_UNIQUE);
  const decimals = list.expectedDecimals;
  demand(decimals === undefined || decimals === token.decimals, Status.UNEXPECTED_TOKEN_DECIMALS);
  for (const entry of list.transfers) {
    const account = liveAccount(state, entry.accountID);
    if (state.relation(account.num, token.num) === undefined && entry.amount > 0n) {
      associate(account, token, context);
    }
  }
  for (const entry of list.transfers) {
    demand(!(entry.isApproval && entry.amount < 0n), Status.SPENDER_DOES_NOT_HAVE_ALLOWANCE);
    const account = liveAccount(state, entry.accountID);
    const relation = movableRelation(state, account.num, token.num);
    const balance = relation.balance + entry.amount;
    demand(balance >= 0n, Status.INSUFFICIENT_TOKEN_BALANCE);
    state.putRelation({ ...relation, balance });
  }
}

/** Takes one of the account's automatic slots; the payer of the transfer pays the association. */
function associate(account: Account, token: Token, context: HandleContext): void {
  demand(account.maxAutoAssociations !== 0, Status.TOKEN_NOT_ASSOCIATED_TO_ACCOUNT);
  const isFree = account.maxAutoAssociations === -1 || account.usedAutoAssociations < account.maxAutoAssociations;
  demand(isFree, Status.NO_REMAINING_AUTOMATIC_ASSOCIATIONS);
  demand(token.kycKey === undefined, Status.ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN);
  context.charge(prices.associateExtra);
  const { state, now, outcome } = context;
  const current = state.accounts.get(account.num) ?? fail(Status.INVALID_ACCOUNT_ID);
  state.accounts.put(account.num, { ...current, usedAutoAssociations: current.usedAutoAssociations + 1 });
  state.putRelation(newRelation(token, account.num, true, now));
  outcome.automaticAssociations ??= [];
  outcome.automaticAssociations.push({ account: account.num, token: token.num });
}
