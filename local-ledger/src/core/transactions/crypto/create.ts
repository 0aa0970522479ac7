import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { equalBytes } from '../../bytes.js';
import { prices } from '../../fees/price-list.js';
import { isNonNegative } from '../../int64.js';
import { hasRetiredKey, isTooDeep, isUsableKey, isVoidKey } from '../../keys/key-structure.js';
import { primitiveKey } from '../../keys/primitive-key.js';
import type { Account } from '../../model.js';
import { demand, fail, present, Status } from '../../status.js';
import { checkMemo } from '../../text-checks.js';
import { secondsToNanos } from '../../time.js';
import { feeWithKeys } from '../flat-fee.js';
import type { HandleContext, TransactionHandler } from '../handler.js';
import { accountRenewal } from '../renewal.js';
import { checkAutoAssociations } from './auto-associations.js';
import { moveHbar } from './move-hbar.js';
import { checkedStake } from './stake.js';

/** CryptoCreate: a new account, funded by the payer. */
export const cryptoCreate: TransactionHandler<CryptoCreateTransactionBody> = {
  name: 'CRYPTOCREATEACCOUNT',
  schedulable: true,

  pureChecks(value) {
    demand(value.hookCreationDetails.length === 0 && value.delegationAddress.length === 0, Status.NOT_SUPPORTED);
    demand(value.autoRenewPeriod !== undefined, Status.INVALID_RENEWAL_PERIOD);
    demand(value.autoRenewPeriod.seconds >= 0n, Status.INVALID_RENEWAL_PERIOD);
    demand(value.maxAutomaticTokenAssociations >= -1, Status.INVALID_MAX_AUTO_ASSOCIATIONS);
    demand(isNonNegative(value.initialBalance), Status.INVALID_INITIAL_BALANCE);
    demand(isNonNegative(value.sendRecordThreshold), Status.INVALID_SEND_RECORD_THRESHOLD);
    demand(isNonNegative(value.receiveRecordThreshold), Status.INVALID_RECEIVE_RECORD_THRESHOLD);
    demand(value.proxyAccountID === undefined, Status.PROXY_ACCOUNT_ID_FIELD_IS_DEPRECATED);
    demand(value.alias.length === 0 || isAlias(value.alias), Status.INVALID_ALIAS_KEY);
    const missing = value.alias.length > 0 ? Status.INVALID_ALIAS_KEY : Status.KEY_REQUIRED;
    demand(value.key !== undefined, missing);
    demand(!hasRetiredKey(value.key), Status.BAD_ENCODING);
    demand(!isVoidKey(value.key), Status.KEY_REQUIRED);
  },

  preHandle(value) {
    return value.receiverSigRequired && value.key !== undefined ? [value.key] : [];
  },

  handle(value, context) {
    const { state, payer, outcome } = context;
    checkMemo(value.memo);
    checkAutoAssociations(value.maxAutomaticTokenAssociations, Status.INVALID_MAX_AUTO_ASSOCIATIONS);
    checkHome(value);
    const key = value.key ?? fail(Status.KEY_REQUIRED);
    demand(!isTooDeep(key), Status.BAD_ENCODING);
    demand(isUsableKey(key), Status.INVALID_ADMIN_KEY);
    checkAlias(value, context);
    const account = newAccount(value, context);
    state.accounts.put(account.num, account);
    const funds = present(state.accounts.get(payer), Status.PAYER_ACCOUNT_NOT_FOUND).balance;
    demand(funds >= value.initialBalance, Status.INSUFFICIENT_PAYER_BALANCE);
    moveHbar(state, payer, account.num, value.initialBalance);
    outcome.entity = account.num;
    outcome.accountId = account.num;
  },

  fee: (value) => feeWithKeys(prices.cryptoCreate, [value.key], 1),
};

/** An EVM address as alias is free, and belongs to the new key or to an ECDSA key that signed. */
function checkAlias(value: CryptoCreateTransactionBody, context: HandleContext): void {
  const { alias, key } = value;
  if (alias.length === 0) {
    return;
  }
  demand(alias.length === ADDRESS_BYTES, Status.INVALID_ALIAS_KEY);
  demand(context.state.accountByAlias(alias) === undefined, Status.ALIAS_ALREADY_ASSIGNED);
  const own = key && primitiveKey(key);
  const derived = own?.type === 'ECDSA_SECP256K1' ? context.crypto.evmAddress(own.publicKey) : undefined;
  const isOwn = derived !== undefined && equalBytes(derived, alias);
  demand(isOwn || context.hasSignedAsAddress(alias), Status.INVALID_SIGNATURE);
}

/** Accounts are made in shard 0 and realm 0, wherever else a create may want to be. */
function checkHome({ shardID, realmID }: CryptoCreateTransactionBody): void {
  const isHere = (shardID?.shardNum ?? 0n) === 0n && (realmID?.realmNum ?? 0n) === 0n;
  demand(isHere, Status.INVALID_ACCOUNT_ID);
}

const ADDRESS_BYTES = 20;

/** Whether bytes have the form of an EVM address or of a key; only the address can be an alias of a create. */
function isAlias(alias: Uint8Array): boolean {
  return alias.length === ADDRESS_BYTES || isEncodedKey(alias);
}

function isEncodedKey(bytes: Uint8Array): boolean {
  try {
    return primitiveKey(Key.decode(bytes)) !== undefined;
  } catch {
    return false;
  }
}

function newAccount(value: CryptoCreateTransactionBody, context: HandleContext): Account {
  const renewal = accountRenewal(value.autoRenewPeriod ?? fail(Status.INVALID_RENEWAL_PERIOD));
  return {
    num: context.state.newEntity(),
    key: value.key ?? fail(Status.KEY_REQUIRED),
    balance: 0n,
    memo: value.memo,
    alias: undefined,
    evmAddress: value.alias.length === 0 ? undefined : value.alias,
    receiverSigRequired: value.receiverSigRequired,
    maxAutoAssociations: value.maxAutomaticTokenAssociations,
    usedAutoAssociations: 0,
    stake: value.stakedId && checkedStake(value.stakedId, context),
    declineReward: value.declineReward,
    autoRenewSeconds: renewal,
    expiry: context.now + secondsToNanos(renewal),
    created: context.now,
    deleted: false,
  };
}
