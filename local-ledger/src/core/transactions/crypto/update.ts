import type { CryptoUpdateTransactionBody } from '../../../gen/services_crypto_update.js';
import { prices } from '../../fees/price-list.js';
import { isUsableKey, keyOrNone } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import type { Account, Nanos } from '../../model.js';
import { demand, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { secondsToNanos, toNanos } from '../../time.js';
import { liveAccount } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { checkedRenewal } from '../renewal.js';
import { checkAutoAssociations } from './auto-associations.js';

/** CryptoUpdate: changes the given attributes of an account. */
export const cryptoUpdate: TransactionHandler<CryptoUpdateTransactionBody> = {
  name: 'CRYPTOUPDATEACCOUNT',
  schedulable: true,

  pureChecks(value) {
    demand(value.hookCreationDetails.length === 0 && value.hookIdsToDelete.length === 0, Status.NOT_SUPPORTED);
    demand(value.delegationAddress.length === 0, Status.NOT_SUPPORTED);
    demand(value.accountIDToUpdate?.account !== undefined, Status.ACCOUNT_ID_DOES_NOT_EXIST);
    demand(value.proxyAccountID === undefined, Status.PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED);
    demand(
      value.key === undefined || (keyOrNone(value.key) !== undefined && isUsableKey(value.key)),
      Status.INVALID_ADMIN_KEY,
    );
  },

  preHandle(value, { state }) {
    const account = liveAccount(state, value.accountIDToUpdate);
    return value.key === undefined ? [account.key] : [account.key, value.key];
  },

  handle(value, { state, now, outcome }) {
    const account = liveAccount(state, value.accountIDToUpdate);
    const updated = { ...account, ...changesOf(value, account, now) };
    state.accounts.put(account.num, updated);
    outcome.entity = account.num;
    outcome.accountId = account.num;
  },

  fee: (value) => feeWithKeys(prices.cryptoUpdate, [value.key], 1),
};

function changesOf(value: CryptoUpdateTransactionBody, account: Account, now: Nanos): Partial<Account> {
  if (value.memo !== undefined) {
    checkMemo(value.memo);
  }
  const slots = value.maxAutomaticTokenAssociations;
  if (slots !== undefined) {
    demand(
      slots === -1 || slots >= account.usedAutoAssociations,
      Status.EXISTING_AUTOMATIC_ASSOCIATIONS_EXCEED_GIVEN_LIMIT,
    );
    checkAutoAssociations(slots);
  }
  return {
    key: value.key ?? account.key,
    memo: value.memo ?? account.memo,
    receiverSigRequired: value.receiverSigRequiredField?.value ?? account.receiverSigRequired,
    maxAutoAssociations: slots ?? account.maxAutoAssociations,
    autoRenewSeconds: value.autoRenewPeriod ? checkedRenewal(value.autoRenewPeriod) : account.autoRenewSeconds,
    expiry: value.expirationTime ? checkedExpiry(toNanos(value.expirationTime), account.expiry, now) : account.expiry,
  };
}

function checkedExpiry(expiry: Nanos, current: Nanos, now: Nanos): Nanos {
  const latest = now + secondsToNanos(limits.maxAutoRenewSeconds);
  demand(expiry > now && expiry <= latest, Status.INVALID_EXPIRATION_TIME);
  demand(expiry >= current, Status.EXPIRATION_REDUCTION_NOT_ALLOWED);
  return expiry;
}
