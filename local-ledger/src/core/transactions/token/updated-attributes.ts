import type { TokenUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_token_update';
import { utf8Length } from '../../bytes.js';
import { keyOrNone } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import type { EntityNum, Token } from '../../model.js';
import { demand, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { liveAccount } from '../entities.js';
import type { HandleContext } from '../handler.js';
import { checkedExpiry, checkedRenewal } from '../renewal.js';
import { type TokenKeys, tokenKeyRoles } from './key-checks.js';

type Update = TokenUpdateTransactionBody;

/** The token with the update's attributes; refuses values outside the bounds. */
export function updatedAttributes(value: Update, token: Token, context: HandleContext): Token {
  checkTexts(value);
  return {
    ...token,
    ...keysOf(value, token),
    name: value.name || token.name,
    symbol: value.symbol || token.symbol,
    memo: value.memo ?? token.memo,
    metadata: value.metadata ?? token.metadata,
    treasury: value.treasury === undefined ? token.treasury : liveAccount(context.state, value.treasury).num,
    autoRenewAccount: renewerOf(value, token, context),
    autoRenewSeconds: value.autoRenewPeriod ? checkedRenewal(value.autoRenewPeriod) : token.autoRenewSeconds,
    expiry: value.expiry ? checkedExpiry(value.expiry, token.expiry, context.now) : token.expiry,
    modified: context.now,
  };
}

function checkTexts(value: Update): void {
  demand(utf8Length(value.symbol) <= limits.tokenSymbolBytes, Status.TOKEN_SYMBOL_TOO_LONG);
  demand(utf8Length(value.name) <= limits.tokenNameBytes, Status.TOKEN_NAME_TOO_LONG);
  demand(!`${value.symbol}${value.name}`.includes('\0'), Status.INVALID_ZERO_BYTE_IN_STRING);
  demand((value.metadata?.length ?? 0) <= limits.tokenMetadataBytes, Status.METADATA_TOO_LONG);
  checkMemo(value.memo ?? '');
}

function keysOf(value: Update, token: Token): TokenKeys {
  const keys = tokenKeyRoles.map((role) => {
    const next = value[role];
    return [role, next === undefined ? token[role] : keyOrNone(next)];
  });
  return Object.fromEntries(keys);
}

function renewerOf(value: Update, token: Token, { state }: HandleContext): EntityNum | undefined {
  const id = value.autoRenewAccount;
  if (id === undefined) {
    return token.autoRenewAccount;
  }
  return liveAccount(state, id, Status.INVALID_AUTORENEW_ACCOUNT, Status.INVALID_AUTORENEW_ACCOUNT).num;
}
