import type { CryptoUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_update';
import { prices } from '../../fees/price-list.js';
import { isHollow } from '../../keys/hollow.js';
import { isEmptyKeyList, isUsableKey, keyOrNone } from '../../keys/key-structure.js';
import { systemAccounts } from '../../limits.js';
import type { Account } from '../../model.js';
import { demand, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { anyAccount, liveAccount } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, TransactionHandler } from '../handler.js';
import { accountRenewal, checkedExpiry } from '../renewal.js';
import { checkAutoAssociations } from './auto-associations.js';
import { checkedStake, endsStaking } from './stake.js';

/** CryptoUpdate: changes the given attributes of an account. */
export const cryptoUpdate: TransactionHandler<CryptoUpdateTransactionBody> = {
  name: 'CRYPTOUPDATEACCOUNT',
  schedulable: true,

  pureChecks(value) {
    demand(value.hookCreationDetails.length === 0 && value.hookIdsToDelete.length === 0, Status.NOT_SUPPORTED);
    demand(value.delegationAddress.length === 0, Status.NOT_SUPPORTED);
    demand(value.accountIDToUpdate?.account !== undefined, Status.ACCOUNT_ID_DOES_NOT_EXIST);
    demand(value.proxyAccountID === undefined, Status.PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED);
  },

  preHandle(value, { state, payer }) {
    const account = anyAccount(state, value.accountIDToUpdate);
    demand(account.num !== systemAccounts.treasury || payer === account.num, Status.AUTHORIZATION_FAILED);
    demand(isHollow(account) || !isEmptyKeyList(account.key), Status.INVALID_ACCOUNT_ID);
    const isUsable = value.key === undefined || (keyOrNone(value.key) !== undefined && isUsableKey(value.key));
    demand(isUsable, Status.INVALID_ADMIN_KEY);
    return value.key === undefined ? [account.key] : [account.key, value.key];
  },

  handle(value, context) {
    const { state, outcome } = context;
    const account = liveAccount(state, value.accountIDToUpdate);
    const updated = { ...account, ...changesOf(value, account, context) };
    state.accounts.put(account.num, updated);
    outcome.entity = account.num;
    outcome.accountId = account.num;
  },

  fee: (value) => feeWithKeys(prices.cryptoUpdate, [value.key], 1),
};

function changesOf(value: CryptoUpdateTransactionBody, account: Account, context: HandleContext): Partial<Account> {
  if (value.memo !== undefined) {
    checkMemo(value.memo);
  }
  const slots = value.maxAutomaticTokenAssociations;
  if (slots !== undefined) {
    demand(
      slots <= -1 || slots >= account.usedAutoAssociations,
      Status.EXISTING_AUTOMATIC_ASSOCIATIONS_EXCEED_GIVEN_LIMIT,
    );
    checkAutoAssociations(slots, Status.REQUESTED_NUM_AUTOMATIC_ASSOCIATIONS_EXCEEDS_ASSOCIATION_LIMIT);
  }
  return {
    key: value.key ?? account.key,
    memo: value.memo ?? account.memo,
    receiverSigRequired: value.receiverSigRequiredField?.value ?? account.receiverSigRequired,
    maxAutoAssociations: slots ?? account.maxAutoAssociations,
    stake: stakeOf(value, account, context),
    declineReward: value.declineReward ?? account.declineReward,
    autoRenewSeconds: value.autoRenewPeriod ? accountRenewal(value.autoRenewPeriod) : account.autoRenewSeconds,
    expiry: value.expirationTime ? checkedExpiry(value.expirationTime, account.expiry, context.now) : account.expiry,
  };
}

function stakeOf({ stakedId }: CryptoUpdateTransactionBody, account: Account, context: HandleContext) {
  if (stakedId === undefined) {
    return account.stake;
  }
  return endsStaking(stakedId) ? undefined : checkedStake(stakedId, context);
}
