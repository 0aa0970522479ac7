import type { AccountID, TokenID, TopicID } from '@gatepost/local-ledger/gen/services_basic_types';
import { accountNum, tokenNum, topicNum } from '../ids.js';
import type { Account, EntityNum, Token, TokenRelation, Topic } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { demand, present, Status } from '../status.js';

/** The number an account id stands for, aliases and EVM addresses resolved; undefined when it names nothing. */
export function resolveAccount(state: LedgerState, id: AccountID | undefined): EntityNum | undefined {
  if (id?.account?.$case === 'alias' && id.shardNum === 0n && id.realmNum === 0n) {
    const numbered = longZeroAddress(id.account.value) ?? 0;
    return state.accountByAlias(id.account.value) ?? state.accounts.get(numbered)?.num;
  }
  return accountNum(id);
}

/** Whether an EVM address is "long zero": 12 zero bytes, then an account number. */
export function isLongZero(alias: Uint8Array): boolean {
  return alias.length === 20 && alias.subarray(0, 12).every((byte) => byte === 0);
}

/** The account number in a long-zero EVM address. */
function longZeroAddress(alias: Uint8Array): EntityNum | undefined {
  if (!isLongZero(alias)) {
    return undefined;
  }
  const num = new DataView(alias.buffer, alias.byteOffset, alias.length).getBigUint64(12);
  return num > 0n && num <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(num) : undefined;
}

/**
 * An account that exists (`missing` otherwise), deleted or not: whose signature is needed is settled before it matters
 * whether the account can still be used.
 */
export function anyAccount(
  state: LedgerState,
  id: AccountID | undefined,
  missing: Status = Status.INVALID_ACCOUNT_ID,
): Account {
  const num = present(resolveAccount(state, id), missing);
  return present(state.accounts.get(num), missing);
}

/** An account that exists (`missing` otherwise) and is not deleted (`deleted` otherwise). */
export function liveAccount(
  state: LedgerState,
  id: AccountID | undefined,
  missing: Status = Status.INVALID_ACCOUNT_ID,
  deleted: Status = Status.ACCOUNT_DELETED,
): Account {
  const account = anyAccount(state, id, missing);
  demand(!account.deleted, deleted);
  return account;
}

/** The account of a number that has been resolved, which must not be deleted. */
export function accountInUse(state: LedgerState, num: EntityNum): Account {
  const account = present(state.accounts.get(num), Status.INVALID_ACCOUNT_ID);
  demand(!account.deleted, Status.ACCOUNT_DELETED);
  return account;
}

/** A topic that exists, deleted or not. */
export function anyTopic(state: LedgerState, id: TopicID | undefined): Topic {
  const num = present(topicNum(id), Status.INVALID_TOPIC_ID);
  return present(state.topics.get(num), Status.INVALID_TOPIC_ID);
}

/** A topic that exists and is not deleted. */
export function liveTopic(state: LedgerState, id: TopicID | undefined): Topic {
  const topic = anyTopic(state, id);
  demand(!topic.deleted, Status.INVALID_TOPIC_ID);
  return topic;
}

/** A token that exists. */
export function anyToken(state: LedgerState, id: TokenID | undefined): Token {
  const num = present(tokenNum(id), Status.INVALID_TOKEN_ID);
  return present(state.tokens.get(num), Status.INVALID_TOKEN_ID);
}

/** A token that exists, is not deleted and not paused. */
export function liveToken(state: LedgerState, id: TokenID | undefined): Token {
  return tokenInUse(state, anyToken(state, id).num);
}

/** The token of a number, which must not be deleted or paused. */
export function tokenInUse(state: LedgerState, num: EntityNum): Token {
  const token = present(state.tokens.get(num), Status.INVALID_TOKEN_ID);
  demand(!token.deleted, Status.TOKEN_WAS_DELETED);
  demand(!token.paused, Status.TOKEN_IS_PAUSED);
  return token;
}

/** The relation of an account to a token. */
export function relationOf(state: LedgerState, account: EntityNum, token: EntityNum): TokenRelation {
  return present(state.relation(account, token), Status.TOKEN_NOT_ASSOCIATED_TO_ACCOUNT);
}

/** A relation through which units may move: KYC granted, not frozen. */
export function movableRelation(state: LedgerState, account: EntityNum, token: EntityNum): TokenRelation {
  const relation = relationOf(state, account, token);
  demand(!relation.frozen, Status.ACCOUNT_FROZEN_FOR_TOKEN);
  demand(relation.kycGranted, Status.ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN);
  return relation;
}

/** A new relation with the defaults of the token. */
export function newRelation(token: Token, account: EntityNum, automatic: boolean, created: bigint): TokenRelation {
  return {
    account,
    token: token.num,
    balance: 0n,
    frozen: token.freezeKey !== undefined && token.freezeDefault,
    kycGranted: token.kycKey === undefined,
    automatic,
    created,
  };
}
