import type { Account, EntityNum, Stake } from '../../core/model.js';
import { stakePeriodStart } from '../../core/time.js';
import { encodeBase32 } from '../format/base32.js';
import { formatId, longZeroAddress } from '../format/entity-id.js';
import type { Json, JsonObject } from '../format/json.js';
import { formatKey } from '../format/key.js';
import { formatNanos, formatNullableNanos } from '../format/timestamp.js';
import type { AccountView, MirrorState } from '../store/mirror-state.js';

/** Members of an account that both the list and the single resource show, balance apart. */
export function accountMembers({ account }: AccountView): JsonObject {
  return {
    account: formatId(account.num),
    alias: aliasOf(account),
    auto_renew_period: account.autoRenewSeconds,
    created_timestamp: formatNullableNanos(account.created),
    decline_reward: account.declineReward,
    delegation_address: '0x',
    deleted: account.deleted,
    ethereum_nonce: 0,
    evm_address: evmAddressOf({ account }),
    expiry_timestamp: formatNullableNanos(account.expiry),
    key: formatKey(account.key),
    max_automatic_token_associations: account.maxAutoAssociations,
    memo: account.memo,
    pending_reward: 0,
    receiver_sig_required: account.receiverSigRequired,
    ...stakeMembers(account.stake),
  };
}

/** An EVM address given at creation is the account's alias too. */
function aliasOf({ alias, evmAddress }: Account): string | null {
  const bytes = alias ?? evmAddress;
  return bytes === undefined ? null : encodeBase32(bytes);
}

function stakeMembers(stake: Stake | undefined): JsonObject {
  return {
    staked_account_id: stake?.kind === 'account' ? formatId(stake.account) : null,
    staked_node_id: stake?.kind === 'node' ? Number(stake.node) : null,
    stake_period_start: stake?.kind === 'node' ? formatNanos(stakePeriodStart(stake.since)) : null,
  };
}

/** The `balance` member: tinybar and tokens, at the time the hbar balance last changed. */
export function currentBalance(state: MirrorState, view: AccountView, maxTokens: number): JsonObject {
  return {
    balance: view.account.balance,
    timestamp: formatNanos(view.balanceTimestamp),
    tokens: tokenBalances(state, view.account.num, maxTokens, undefined),
  };
}

/** Up to `max` token balances of an account, by token id; those of another time when `at` gives them. */
export function tokenBalances(
  state: MirrorState,
  account: EntityNum,
  max: number,
  at: ((token: EntityNum) => bigint | undefined) | undefined,
): Json[] {
  return [...state.relationsOf(account)]
    .sort(([a], [b]) => a - b)
    .map(([token, { value }]) => ({ token, balance: at === undefined ? value.balance : at(token) }))
    .filter(({ balance }) => balance !== undefined)
    .slice(0, max)
    .map(({ token, balance }) => ({ token_id: formatId(token), balance }));
}

function evmAddressOf({ account }: Pick<AccountView, 'account'>): string {
  if (account.evmAddress !== undefined) return `0x${Buffer.from(account.evmAddress).toString('hex')}`;
  if (account.alias?.length === 20) return `0x${Buffer.from(account.alias).toString('hex')}`;
  return longZeroAddress(account.num);
}
