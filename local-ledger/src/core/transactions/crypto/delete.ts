import type { CryptoDeleteTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_delete';
import { prices } from '../../fees/price-list.js';
import { accountNum } from '../../ids.js';
import { FIRST_USER_ENTITY } from '../../limits.js';
import { demand, Status } from '../../status.js';
import { anyAccount, liveAccount } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { moveHbar } from './move-hbar.js';

/** CryptoDelete: an account's hbar goes to another account, and the account is marked deleted. */
export const cryptoDelete: TransactionHandler<CryptoDeleteTransactionBody> = {
  name: 'CRYPTODELETE',
  schedulable: false,

  pureChecks(value) {
    const { deleteAccountID, transferAccountID } = value;
    demand(deleteAccountID?.account !== undefined, Status.ACCOUNT_ID_DOES_NOT_EXIST);
    demand(transferAccountID?.account !== undefined, Status.ACCOUNT_ID_DOES_NOT_EXIST);
    const same = accountNum(deleteAccountID) === accountNum(transferAccountID);
    demand(!same || accountNum(deleteAccountID) === undefined, Status.TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT);
  },

  preHandle(value, { state }) {
    const account = anyAccount(state, value.deleteAccountID);
    demand(account.num >= FIRST_USER_ENTITY, Status.ENTITY_NOT_ALLOWED_TO_DELETE);
    const heir = anyAccount(state, value.transferAccountID, Status.INVALID_TRANSFER_ACCOUNT_ID);
    return heir.receiverSigRequired ? [account.key, heir.key] : [account.key];
  },

  handle(value, { state, outcome }) {
    const account = liveAccount(state, value.deleteAccountID);
    const heir = liveAccount(state, value.transferAccountID, Status.INVALID_TRANSFER_ACCOUNT_ID);
    demand(account.num !== heir.num, Status.TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT);
    demand(!state.isTreasury(account.num), Status.ACCOUNT_IS_TREASURY);
    const holdsTokens = state.relationsOf(account.num).some(({ balance }) => balance !== 0n);
    demand(!holdsTokens, Status.TRANSACTION_REQUIRES_ZERO_TOKEN_BALANCES);
    moveHbar(state, account.num, heir.num, account.balance);
    state.accounts.put(account.num, {
      ...account,
      balance: 0n,
      deleted: true,
      alias: undefined,
      evmAddress: undefined,
    });
    outcome.entity = account.num;
  },

  fee: () => flatFee(prices.cryptoDelete),
};
