import type { AccountAmount } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import type { FeePart } from '../../fees/fee.js';
import { prices } from '../../fees/price-list.js';
import { limits, systemAccounts } from '../../limits.js';
import type { LedgerState } from '../../state/ledger-state.js';
import { demand, Status } from '../../status.js';
import { anyAccount, anyToken, liveAccount, resolveAccount } from '../entities.js';
import type { HandleContext, KeyContext, TransactionHandler } from '../handler.js';
import { withoutAliases } from './alias-accounts.js';
import { addHbar } from './move-hbar.js';
import { moveTokens } from './move-tokens.js';
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
    const entries = [hbarEntries(value), ...value.tokenTransfers.map(({ transfers }) => transfers)].flat();
    return entries.flatMap((entry) => keysFor(entry, context));
  },

  handle(value, context) {
    checkSizes(value);
    const hbar = withoutAliases(hbarEntries(value), context);
    const tokens = value.tokenTransfers.map((list) => {
      return { ...list, transfers: withoutAliases(list.transfers, context) };
    });
    for (const list of tokens) {
      moveTokens(list, context);
    }
    moveHbars(hbar, context);
  },

  fee: transferFee,
};

function hbarEntries(value: CryptoTransferTransactionBody): readonly AccountAmount[] {
  return value.transfers?.accountAmounts ?? [];
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

function moveHbars(entries: readonly AccountAmount[], { state }: HandleContext): void {
  for (const entry of entries) {
    demand(!(entry.isApproval && entry.amount < 0n), Status.SPENDER_DOES_NOT_HAVE_ALLOWANCE);
    const { num } = liveAccount(state, entry.accountID);
    const isCollection = num === systemAccounts.feeCollection && entry.amount > 0n;
    demand(!isCollection, Status.TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED);
    addHbar(state, num, entry.amount);
  }
}

function transferFee(value: CryptoTransferTransactionBody): FeePart {
  const lists = [hbarEntries(value), ...value.tokenTransfers.map(({ transfers }) => transfers)];
  const accounts = new Set(lists.flat().map((entry) => accountText(entry)));
  const types = value.tokenTransfers.length;
  return {
    base: 0n,
    extras: [
      { name: 'TOKEN_TRANSFER_BASE', included: 0, count: types > 0 ? 1 : 0, unit: prices.tokenTransferBase },
      { name: 'TOKEN_TYPES', included: 1, count: types, unit: prices.tokenTypeExtra },
      { name: 'ACCOUNTS', included: 2, count: accounts.size, unit: prices.accountExtra },
    ],
  };
}
