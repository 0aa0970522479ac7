import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type {
  Account,
  Allowance,
  EntityNum,
  Nanos,
  Schedule,
  Token,
  TokenRelation,
  Topic,
  TopicFee,
  TransactionKey,
} from './model.js';

/** One hbar movement of a transaction, fees included; amounts in tinybar. */
export interface HbarTransfer {
  readonly account: EntityNum;
  readonly amount: bigint;
  /** Whether all of it was spent by an allowance. The mirror shows it, records do not. */
  readonly isApproval: boolean;
}

/** One movement of a fungible token, in its smallest unit. */
export interface TokenTransfer extends HbarTransfer {
  readonly token: EntityNum;
}

/** A topic message as consensus ordered it; one chunk. */
export interface TopicMessage {
  readonly topic: EntityNum;
  readonly sequenceNumber: bigint;
  readonly consensusTimestamp: Nanos;
  readonly payer: EntityNum;
  readonly message: Uint8Array;
  readonly runningHash: Uint8Array;
  readonly runningHashVersion: 3;
  readonly chunk:
    | { readonly initialTransactionId: TransactionKey; readonly number: number; readonly total: number }
    | undefined;
}

/** A custom fee that was charged, with who paid for it in effect. */
export interface AssessedFee extends TopicFee {
  readonly payers: readonly EntityNum[];
}

/** An entity as it is after the transaction. Entities are immutable values: a change is a new value. */
export type EntityChange =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'topic'; readonly topic: Topic }
  | { readonly kind: 'token'; readonly token: Token }
  | { readonly kind: 'relation'; readonly relation: TokenRelation }
  | { readonly kind: 'relation-removed'; readonly account: EntityNum; readonly token: EntityNum }
  | { readonly kind: 'allowance'; readonly allowance: Allowance }
  | { readonly kind: 'allowance-removed'; readonly allowance: Allowance }
  | { readonly kind: 'schedule'; readonly schedule: Schedule };

/**
 * One handled transaction with all its effects: what the record stream of a real network carries, and
 * all that the mirror side ever learns of. Emitted once, in consensus order, by the consensus side.
 */
export interface RecordItem {
  readonly consensusTimestamp: Nanos;
  readonly transactionId: TransactionKey;
  /** Mirror name of the transaction type, e.g. `CONSENSUSSUBMITMESSAGE`, `ATOMICBATCH`. */
  readonly name: string;
  /** Receipt status: number of the ResponseCodeEnum. */
  readonly status: number;
  readonly memo: string;
  /** The entity the transaction created or acted on. */
  readonly entity: EntityNum | undefined;
  readonly node: EntityNum | undefined;
  /** Tinybar actually charged. */
  readonly chargedFee: bigint;
  /** Ceiling the payer offered, tinybar. */
  readonly maxFee: bigint;
  readonly validDurationSeconds: bigint;
  /** SHA-384 of the signed transaction bytes. */
  readonly transactionHash: Uint8Array;
  readonly transfers: readonly HbarTransfer[];
  readonly tokenTransfers: readonly TokenTransfer[];
  /** Consensus timestamp of the batch or the transaction that caused this one. */
  readonly parentConsensusTimestamp: Nanos | undefined;
  readonly batchKey: Key | undefined;
  /** Schedule whose execution this is. */
  readonly schedule: EntityNum | undefined;
  readonly automaticAssociations: readonly { readonly account: EntityNum; readonly token: EntityNum }[];
  /** Custom fees that the transaction cost. */
  readonly assessedFees: readonly AssessedFee[];
  readonly message: TopicMessage | undefined;
  readonly changes: readonly EntityChange[];
}

/** Where the mirror side learns what consensus did. */
export interface RecordSource {
  /** All items from the first on, then the new ones as they come; the listener must not throw. */
  subscribe(listener: (item: RecordItem) => void): () => void;
}
