import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { FIRST_USER_ENTITY, systemAccounts } from './limits.js';
import type { Account, EntityNum, Nanos } from './model.js';
import type { RecordItem } from './record-item.js';
import { deltaSince } from './state/changes.js';
import type { LedgerState } from './state/ledger-state.js';
import { Status } from './status.js';

/** All hbar there is, in tinybar: 50 billion hbar. */
export const TOTAL_SUPPLY = 5_000_000_000_000_000_000n;

/** Funds of each account that exists from the start, in tinybar: 10,000 hbar. */
export const PREFUNDED_BALANCE = 1_000_000_000_000n;

/** First number of the accounts that exist from the start; 0.0.1001 stays unused when there are any. */
export const FIRST_PREFUNDED = 1002;

/** What a network starts from; the same genesis and the same inputs give the same state. */
export interface Genesis {
  readonly time: Nanos;
  /** Key of 0.0.2 and of the other system accounts. */
  readonly operatorKey: Key;
  /** Keys of the accounts that exist from the start. */
  readonly accountKeys: readonly Key[];
}

const lastTreasuryKeyed = 100;
/** The empty key list, which nobody can sign for. */
const noKey: Key = { key: { $case: 'keyList', value: { keys: [] } } };

/** Fills an empty state; returns one record item per account, as the mirror learns of accounts. */
export function foundLedger(state: LedgerState, genesis: Genesis): RecordItem[] {
  const prefunded = genesis.accountKeys.map((key, index) => ({ num: FIRST_PREFUNDED + index, key }));
  const granted = PREFUNDED_BALANCE * BigInt(prefunded.length);
  const items: RecordItem[] = [];
  const found = (num: EntityNum, key: Key, balance: bigint) => {
    const mark = state.journal.mark();
    const now = genesis.time + BigInt(items.length);
    state.accounts.put(num, genesisAccount(num, key, balance, now));
    items.push(genesisItem(num, genesis, now, deltaSince(state, mark)));
  };
  for (let num = 1; num <= lastTreasuryKeyed; num++) {
    found(num, genesis.operatorKey, num === systemAccounts.treasury ? TOTAL_SUPPLY - granted : 0n);
  }
  for (const num of [systemAccounts.stakingRewards, systemAccounts.nodeRewards, systemAccounts.feeCollection]) {
    found(num, noKey, 0n);
  }
  for (const { num, key } of prefunded) {
    found(num, key, PREFUNDED_BALANCE);
  }
  state.startEntitiesAt(prefunded.length === 0 ? FIRST_USER_ENTITY : FIRST_PREFUNDED + prefunded.length);
  state.journal.clear();
  return items;
}

/** Seconds after genesis at which a genesis account expires: about a hundred years. */
const life = 3_153_600_000n;

function genesisAccount(num: EntityNum, key: Key, balance: bigint, now: Nanos): Account {
  return {
    num,
    key,
    balance,
    memo: '',
    alias: undefined,
    evmAddress: undefined,
    receiverSigRequired: false,
    maxAutoAssociations: 0,
    usedAutoAssociations: 0,
    stake: undefined,
    declineReward: false,
    autoRenewSeconds: 7_776_000n,
    expiry: now + life * 1_000_000_000n,
    created: now,
    deleted: false,
  };
}

function genesisItem(
  num: EntityNum,
  genesis: Genesis,
  now: Nanos,
  delta: Pick<RecordItem, 'changes' | 'transfers' | 'tokenTransfers'>,
): RecordItem {
  return {
    ...delta,
    consensusTimestamp: now,
    transactionId: { payer: systemAccounts.treasury, validStart: genesis.time, scheduled: false, nonce: num },
    name: 'CRYPTOCREATEACCOUNT',
    status: Status.SUCCESS,
    memo: 'Synthetic genesis creation',
    entity: num,
    node: undefined,
    chargedFee: 0n,
    maxFee: 0n,
    validDurationSeconds: 0n,
    transactionHash: new Uint8Array(48),
    parentConsensusTimestamp: undefined,
    batchKey: undefined,
    schedule: undefined,
    automaticAssociations: [],
    assessedFees: [],
    message: undefined,
  };
}
