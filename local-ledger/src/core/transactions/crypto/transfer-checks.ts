import type { AccountAmount, TokenTransferList } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import { hex } from '../../bytes.js';
import { isZeroAccount, tokenNum } from '../../ids.js';
import { demand, Status } from '../../status.js';

/** The state-free checks of a CryptoTransfer, in the network's order. */
export function transferChecks(value: CryptoTransferTransactionBody): void {
  const hbar = value.transfers?.accountAmounts ?? [];
  demand(hbar.every(hasNoHook), Status.NOT_SUPPORTED);
  demand(sum(hbar) === 0n, Status.INVALID_ACCOUNT_AMOUNTS);
  demand(hbar.every(hasAccount), Status.INVALID_ACCOUNT_ID);
  demand(isDistinct(hbar), Status.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS);
  const seen = new Set<number>();
  for (const list of value.tokenTransfers) {
    checkTokenList(list);
    const token = tokenNum(list.token) ?? 0;
    demand(!seen.has(token), Status.TOKEN_ID_REPEATED_IN_TOKEN_LIST);
    seen.add(token);
  }
}

function checkTokenList({ token, transfers, nftTransfers }: TokenTransferList): void {
  demand(transfers.every(hasNoHook), Status.NOT_SUPPORTED);
  demand(token !== undefined, Status.INVALID_TOKEN_ID);
  demand(sum(transfers) === 0n, Status.TRANSFERS_NOT_ZERO_SUM_FOR_TOKEN);
  demand(transfers.every(hasAccount), Status.INVALID_TRANSFER_ACCOUNT_ID);
  demand(isDistinct(transfers), Status.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS);
  demand(transfers.length > 0 || nftTransfers.length > 0, Status.EMPTY_TOKEN_TRANSFER_ACCOUNT_AMOUNTS);
}

/** The account of an entry as a map key; entries by approval count apart. */
export function accountText({ accountID, isApproval }: Pick<AccountAmount, 'accountID' | 'isApproval'>): string {
  const account = accountID?.account;
  const name = account?.$case === 'alias' ? hex(account.value) : `${account?.value}`;
  return isApproval ? `${name}*` : name;
}

function sum(entries: readonly AccountAmount[]): bigint {
  return entries.reduce((total, { amount }) => total + amount, 0n);
}

function hasAccount({ accountID }: AccountAmount): boolean {
  return accountID?.account !== undefined && !isZeroAccount(accountID);
}

function hasNoHook({ hookCall }: AccountAmount): boolean {
  return hookCall === undefined;
}

function isDistinct(entries: readonly AccountAmount[]): boolean {
  return new Set(entries.map(accountText)).size === entries.length;
}
