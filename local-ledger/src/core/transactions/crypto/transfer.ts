import type { AccountAmount, TokenTransferList } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import type { FeeExtra, FeePart } from '../../fees/fee.js';
import { prices } from '../../fees/price-list.js';
import { tokenNum } from '../../ids.js';
import { limits } from '../../limits.js';
import type { EntityNum } from '../../model.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, fail, Status } from '../../status.js';
import { anyAccount, anyToken, liveToken, resolveAccount } from '../entities.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';
import type { Approval } from '../outcome.js';
import { resolvedMoves } from './alias-accounts.js';
import type { Move, Transfers } from './moves.js';
import { runTransfers } from './run-transfers.js';
import { checkAllowance } from './spend-allowance.js';
import { accountText, transferChecks } from './transfer-checks.js';

/** CryptoTransfer: hbar and fungible tokens move between accounts, all or nothing. */
export const cryptoTransfer: TransactionHandler<CryptoTransferTransactionBody> = {
  name: 'CRYPTOTRANSFER',
  schedulable: true,

  pureChecks: transferChecks,

  preHandle(value, context) {
    for (const { token } of value.tokenTransfers) {
      anyToken(context.state, token);
    }
    return entriesOf(value).flatMap((entry) => keysFor(entry, context));
  },

  handle(value, context) {
    checkSizes(value);
    checkHbarAllowances(value, context);
    const transfers = resolvedTransfers(value, context);
    context.outcome.approvals = approvalsOf(transfers);
    context.outcome.namedTokens = transfers.tokens.map(({ token }) => token);
    runTransfers(transfers, context);
  },

  fee: transferFee,
};

function hbarEntries(value: CryptoTransferTransactionBody): readonly AccountAmount[] {
  return value.transfers?.accountAmounts ?? [];
}

/** The entries of all lists. */
function entriesOf(value: CryptoTransferTransactionBody): readonly AccountAmount[] {
  return [hbarEntries(value), ...value.tokenTransfers.map(({ transfers }) => transfers)].flat();
}

/** A debited account signs, and so does a credited one that requires it. */
function keysFor(entry: AccountAmount, { state }: KeyContext) {
  if (entry.amount > 0n && isUnknownAlias(entry, state)) {
    return [];
  }
  const account = anyAccount(state, entry.accountID);
  const signs = entry.amount < 0n ? !entry.isApproval : entry.amount > 0n && account.receiverSigRequired;
  return signs ? [account.key] : [];
}

/** A credit to an alias without an account makes one. */
function isUnknownAlias({ accountID: id }: AccountAmount, state: LedgerState): boolean {
  const isOfThisNetwork = id?.shardNum === 0n && id.realmNum === 0n;
  return isOfThisNetwork && id.account?.$case === 'alias' && resolveAccount(state, id) === undefined;
}

function checkSizes(value: CryptoTransferTransactionBody): void {
  const tokenEntries = value.tokenTransfers.reduce((sum, { transfers }) => sum + transfers.length, 0);
  const nftEntries = value.tokenTransfers.reduce((sum, { nftTransfers }) => sum + nftTransfers.length, 0);
  demand(hbarEntries(value).length <= limits.hbarTransfers, Status.TRANSFER_LIST_SIZE_LIMIT_EXCEEDED);
  demand(tokenEntries <= limits.tokenTransfers, Status.TOKEN_TRANSFER_LIST_SIZE_LIMIT_EXCEEDED);
  demand(nftEntries <= limits.tokenTransfers, Status.BATCH_SIZE_LIMIT_EXCEEDED);
}

/** Allowances of hbar are looked at before anything else is. */
function checkHbarAllowances(value: CryptoTransferTransactionBody, { state, payer }: HandleContext): void {
  for (const { accountID, amount, isApproval } of hbarEntries(value)) {
    const owner = resolveAccount(state, accountID);
    if (isApproval && amount < 0n && owner !== undefined) {
      checkAllowance({ owner, spender: payer, token: undefined, amount: -amount }, state);
    }
  }
}

/** What is to be moved; accounts that aliases stand for are there from now on. */
function resolvedTransfers(value: CryptoTransferTransactionBody, context: HandleContext): Transfers {
  const hbar = resolvedMoves(hbarEntries(value), context);
  const tokens = value.tokenTransfers.map((list) => ({
    token: anyToken(context.state, list.token).num,
    moves: resolvedMoves(list.transfers, context),
    expectedDecimals: list.expectedDecimals,
  }));
  for (const moves of [hbar, ...tokens.map((list) => list.moves)]) {
    demand(isDistinct(moves), Status.ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS);
  }
  for (const { token, nftTransfers } of value.tokenTransfers) {
    if (nftTransfers.length > 0) {
      liveToken(context.state, token);
      fail(Status.NFT_TRANSFERS_ONLY_ALLOWED_FOR_NON_FUNGIBLE_UNIQUE);
    }
  }
  return { hbar, tokens, aliased: aliasedAccounts(value, context) };
}

function aliasedAccounts(value: CryptoTransferTransactionBody, { state }: HandleContext): Set<EntityNum> {
  const aliased = entriesOf(value).filter(({ accountID }) => accountID?.account?.$case === 'alias');
  return new Set(aliased.flatMap(({ accountID }) => resolveAccount(state, accountID) ?? []));
}

function isDistinct(moves: readonly Move[]): boolean {
  return new Set(moves.map(({ account, isApproval }) => `${account}${isApproval}`)).size === moves.length;
}

function approvalsOf({ hbar, tokens }: Transfers): Approval[] {
  const lists = [{ token: undefined, moves: hbar }, ...tokens];
  return lists.flatMap(({ token, moves }) => {
    const approved = moves.filter(({ isApproval, amount }) => isApproval && amount < 0n);
    return approved.map(({ account, amount }) => ({ account, token, amount }));
  });
}

function transferFee(value: CryptoTransferTransactionBody, state: LedgerState | undefined): FeePart {
  const accounts = new Set(entriesOf(value).map(({ accountID }) => accountText({ accountID, isApproval: false })));
  const types = value.tokenTransfers.length;
  return {
    base: 0n,
    extras: [
      ...transferBase(value, state),
      { name: 'TOKEN_TYPES', included: 1, count: types, unit: prices.tokenTypeExtra },
      { name: 'ACCOUNTS', included: 2, count: accounts.size, unit: prices.accountExtra },
    ],
  };
}

/** What moving any tokens costs; without a state, tokens have no custom fees. */
function transferBase({ tokenTransfers }: CryptoTransferTransactionBody, state: LedgerState | undefined): FeeExtra[] {
  if (tokenTransfers.length === 0) {
    return [];
  }
  const feesOf = ({ token }: TokenTransferList) => state?.tokens.get(tokenNum(token) ?? 0)?.customFees ?? [];
  const hasFees = tokenTransfers.some((list) => feesOf(list).length > 0);
  return hasFees
    ? [{ name: 'TOKEN_TRANSFER_BASE_CUSTOM_FEES', included: 0, count: 1, unit: prices.tokenTransferBaseWithFees }]
    : [{ name: 'TOKEN_TRANSFER_BASE', included: 0, count: 1, unit: prices.tokenTransferBase }];
}
