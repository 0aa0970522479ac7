import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { ResponseCodeEnum } from '@gatepost/local-ledger/gen/services_response_code';
import type { TransactionKey } from '../../core/model.js';
import { formatId, formatNullableId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import type { StoredTransaction } from '../store/transaction-codec.js';

/** Statuses that count as success; the two besides SUCCESS are of file and token operations. */
const SUCCESSES: ReadonlySet<number> = new Set([22, 104, 220]);

export function isSuccess(status: number): boolean {
  return SUCCESSES.has(status);
}

/** `0.0.payer-seconds-nanos`, the mirror's form of a transaction id. */
export function formatTransactionId(id: TransactionKey): string {
  return `${formatId(id.payer)}-${formatNanos(id.validStart, '-')}`;
}

/** A transaction as lists show it. */
export function formatTransaction(item: StoredTransaction): JsonObject {
  const id = item.transactionId;
  return {
    batch_key:
      item.batchKey === undefined ? null : `0x${Buffer.from(Key.encode(item.batchKey).finish()).toString('hex')}`,
    bytes: null,
    charged_tx_fee: item.chargedFee,
    consensus_timestamp: formatNanos(item.consensusTimestamp),
    entity_id: formatNullableId(item.entity),
    max_custom_fees: [],
    max_fee: item.maxFee.toString(),
    memo_base64: Buffer.from(item.memo, 'utf8').toString('base64'),
    name: item.name,
    nft_transfers: [],
    node: formatNullableId(item.node),
    nonce: id.nonce,
    parent_consensus_timestamp:
      item.parentConsensusTimestamp === undefined ? null : formatNanos(item.parentConsensusTimestamp),
    result: ResponseCodeEnum[item.status] ?? String(item.status),
    scheduled: id.scheduled,
    staking_reward_transfers: [],
    token_transfers: tokenTransfers(item),
    transaction_hash: Buffer.from(item.transactionHash).toString('base64'),
    transaction_id: formatTransactionId(id),
    transfers: transfers(item),
    valid_duration_seconds: item.validDurationSeconds.toString(),
    valid_start_timestamp: formatNanos(id.validStart),
  };
}

function transfers({ transfers: moves }: StoredTransaction): JsonObject[] {
  return [...moves]
    .sort((a, b) => a.account - b.account || compare(a.amount, b.amount))
    .map((move) => ({ account: formatId(move.account), amount: move.amount, is_approval: move.isApproval }));
}

function tokenTransfers({ tokenTransfers: moves }: StoredTransaction): JsonObject[] {
  return [...moves]
    .sort((a, b) => a.token - b.token || a.account - b.account)
    .map((move) => ({
      token_id: formatId(move.token),
      account: formatId(move.account),
      amount: move.amount,
      is_approval: move.isApproval,
    }));
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
