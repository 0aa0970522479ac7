import { type AccountAmount, Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { prices } from '../../fees/price-list.js';
import { hollowKey } from '../../keys/hollow.js';
import { isUsableKey } from '../../keys/key-structure.js';
import { type PrimitiveKey, primitiveKey, wireKey } from '../../keys/primitive-key.js';
import type { EntityNum } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { secondsToNanos, wholeSeconds } from '../../time.js';
import { isLongZero, resolveAccount } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { HandleContext } from '../handler.js';
import type { Move } from './moves.js';

/** Auto-renew period of accounts that nobody asked for, in seconds: 90 days. */
const RENEWAL = 7_776_000n;
const ADDRESS_BYTES = 20;

/**
 * The entries with the accounts that they name. A credited alias without an account gets one, at the cost of the payer
 * (HIP-32): with the key that the alias is, or hollow when it is an EVM address (HIP-583).
 */
export function resolvedMoves(entries: readonly AccountAmount[], context: HandleContext): Move[] {
  return entries.map(({ accountID, amount, isApproval }) => {
    const alias = accountID?.account?.$case === 'alias' ? accountID.account.value : undefined;
    const known = resolveAccount(context.state, accountID);
    const account = known ?? accountFor(alias ?? fail(Status.INVALID_ACCOUNT_ID), amount, context);
    return { account, amount, isApproval };
  });
}

function accountFor(alias: Uint8Array, amount: bigint, context: HandleContext): EntityNum {
  const key = alias.length === ADDRESS_BYTES ? undefined : keyOf(alias);
  const address = key === undefined ? alias : addressOf(key, context);
  const byAddress = address && context.state.accountByAlias(address);
  if (byAddress !== undefined) {
    return byAddress;
  }
  demand(amount > 0n, Status.INVALID_ACCOUNT_ID);
  demand(!isLongZero(alias), Status.INVALID_ALIAS_KEY);
  return makeAccount(alias, key, address, context);
}

function keyOf(alias: Uint8Array): PrimitiveKey {
  try {
    const key = Key.decode(alias);
    const primitive = isUsableKey(key) ? primitiveKey(key) : undefined;
    return primitive ?? fail(Status.INVALID_ALIAS_KEY);
  } catch {
    return fail(Status.INVALID_ALIAS_KEY);
  }
}

function addressOf(key: PrimitiveKey, { crypto }: HandleContext): Uint8Array | undefined {
  if (key.type !== 'ECDSA_SECP256K1') {
    return undefined;
  }
  return crypto.evmAddress(key.publicKey) ?? fail(Status.INVALID_ALIAS_KEY);
}

function makeAccount(
  alias: Uint8Array,
  key: PrimitiveKey | undefined,
  evmAddress: Uint8Array | undefined,
  context: HandleContext,
): EntityNum {
  const { state, now, outcome } = context;
  const fee = context.chargeChild(flatFee(prices.cryptoCreate));
  const num = state.newEntity();
  state.accounts.put(num, {
    num,
    key: key === undefined ? hollowKey : wireKey(key),
    balance: 0n,
    memo: '',
    alias: key === undefined ? undefined : Uint8Array.from(alias),
    evmAddress: evmAddress && Uint8Array.from(evmAddress),
    receiverSigRequired: false,
    maxAutoAssociations: -1,
    usedAutoAssociations: 0,
    stake: undefined,
    declineReward: false,
    autoRenewSeconds: RENEWAL,
    expiry: secondsToNanos(wholeSeconds(now) + RENEWAL),
    created: now,
    deleted: false,
  });
  outcome.created ??= [];
  outcome.created.push({ num, fee, evmAddress: key === undefined ? undefined : evmAddress });
  return num;
}
