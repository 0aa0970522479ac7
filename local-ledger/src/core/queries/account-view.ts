import {
  type AccountID,
  type StakingInfo,
  TokenFreezeStatus,
  TokenKycStatus,
  type TokenRelationship,
} from '@gatepost/local-ledger/gen/services_basic_types';
import { hex } from '../bytes.js';
import { accountId, tokenId } from '../ids.js';
import type { Account, EntityNum, TokenRelation } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { Status } from '../status.js';
import { stakePeriodStart, toTimestamp, toWholeTimestamp } from '../time.js';
import { liveAccount } from '../transactions/entities.js';
import { LEDGER_ID } from './query.js';

/** The account a query asks about. */
export function queriedAccount(state: LedgerState, id: AccountID | undefined): Account {
  return liveAccount(state, id, Status.INVALID_ACCOUNT_ID, Status.ACCOUNT_DELETED);
}

/** The EVM address of an account in hex: its own, or the number padded with zeros. */
export function addressText({ num, evmAddress }: Account): string {
  return evmAddress === undefined ? num.toString(16).padStart(40, '0') : hex(evmAddress);
}

/** What both infos of an account show under the same names. */
export function accountFields(state: LedgerState, account: Account) {
  return {
    key: account.key,
    balance: account.balance,
    receiverSigRequired: account.receiverSigRequired,
    expirationTime: toWholeTimestamp(account.expiry),
    autoRenewPeriod: { seconds: account.autoRenewSeconds },
    tokenRelationships: relationshipsOf(state, account.num),
    memo: account.memo,
    maxAutomaticTokenAssociations: account.maxAutoAssociations,
    alias: account.alias ?? new Uint8Array(),
    ledgerId: LEDGER_ID,
  };
}

/**
 * An account's tokens as infos list them: the newest association first, and the tokens of one TokenAssociate in the
 * order in which it named them.
 */
export function listedRelations(state: LedgerState, account: EntityNum): TokenRelation[] {
  const relations = state.relationsOf(account);
  const places = new Map(relations.map((relation, index) => [relation, relation.automatic ? -index : index]));
  const placeOf = (relation: TokenRelation) => places.get(relation) ?? 0;
  return relations.toSorted((a, b) => Number(b.created - a.created) || placeOf(a) - placeOf(b));
}

function relationshipsOf(state: LedgerState, account: EntityNum): TokenRelationship[] {
  return listedRelations(state, account).map((relation) => {
    const token = state.tokens.get(relation.token);
    const kyc = relation.kycGranted ? TokenKycStatus.Granted : TokenKycStatus.Revoked;
    const freeze = relation.frozen ? TokenFreezeStatus.Frozen : TokenFreezeStatus.Unfrozen;
    return {
      tokenId: tokenId(relation.token),
      symbol: token?.symbol ?? '',
      balance: relation.balance,
      decimals: token?.decimals ?? 0,
      kycStatus: token?.kycKey === undefined ? TokenKycStatus.KycNotApplicable : kyc,
      freezeStatus: token?.freezeKey === undefined ? TokenFreezeStatus.FreezeNotApplicable : freeze,
      automaticAssociation: relation.automatic,
    };
  });
}

/** The staking settings of an account; nothing is ever earned by them here. */
export function stakingInfoOf({ stake, declineReward }: Account): StakingInfo {
  const settings = { declineReward, pendingReward: 0n, stakedToMe: 0n };
  switch (stake?.kind) {
    case 'account': {
      const value = accountId(stake.account);
      return { ...settings, stakePeriodStart: undefined, stakedId: { $case: 'stakedAccountId', value } };
    }
    case 'node': {
      const start = toTimestamp(stakePeriodStart(stake.since));
      return { ...settings, stakePeriodStart: start, stakedId: { $case: 'stakedNodeId', value: stake.node } };
    }
    default:
      return { ...settings, stakePeriodStart: undefined, stakedId: undefined };
  }
}
