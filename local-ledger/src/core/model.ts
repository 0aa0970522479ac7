import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';

/** Number of an entity; shard and realm are 0 everywhere on this network. */
export type EntityNum = number;

/** Nanoseconds since the Unix epoch: consensus timestamps, valid starts, expiries. */
export type Nanos = bigint;

/** What an account is staked to; kept and shown, without effect. */
export type Stake =
  | { readonly kind: 'account'; readonly account: EntityNum }
  | { readonly kind: 'node'; readonly node: bigint; readonly since: Nanos };

export interface Account {
  readonly num: EntityNum;
  readonly key: Key;
  /** Tinybar. */
  readonly balance: bigint;
  readonly memo: string;
  /** Serialized public key or 20-byte EVM address; absent when the account has none. */
  readonly alias: Uint8Array | undefined;
  readonly evmAddress: Uint8Array | undefined;
  readonly receiverSigRequired: boolean;
  /** -1 = unlimited, 0 = none, else a cap (HIP-904). */
  readonly maxAutoAssociations: number;
  readonly usedAutoAssociations: number;
  readonly stake: Stake | undefined;
  readonly declineReward: boolean;
  readonly autoRenewSeconds: bigint;
  readonly expiry: Nanos;
  readonly created: Nanos;
  readonly deleted: boolean;
}

/** A fixed fee that submitting to a topic costs (HIP-991): hbar when there is no token, else units of it. */
export interface TopicFee {
  readonly amount: bigint;
  readonly token: EntityNum | undefined;
  readonly collector: EntityNum;
}

export interface Topic {
  readonly num: EntityNum;
  readonly memo: string;
  readonly adminKey: Key | undefined;
  readonly submitKey: Key | undefined;
  /** May set the custom fees (HIP-991). */
  readonly feeScheduleKey: Key | undefined;
  readonly customFees: readonly TopicFee[];
  /** Who signs with one of these does not pay custom fees. */
  readonly feeExemptKeys: readonly Key[];
  readonly autoRenewAccount: EntityNum | undefined;
  readonly autoRenewSeconds: bigint;
  readonly expiry: Nanos;
  readonly created: Nanos;
  readonly deleted: boolean;
  /** Sequence number of the newest message; 0 before the first. */
  readonly sequenceNumber: bigint;
  /** 48 bytes, SHA-384, version 3. */
  readonly runningHash: Uint8Array;
}

/** A fee of so many units of a token, or tinybar, for each debit of the token that has it. */
export interface FixedTokenFee extends TopicFee {
  readonly kind: 'fixed';
  /** Whether no collector of the token's fees pays it. */
  readonly allCollectorsExempt: boolean;
}

/** A fee of a fraction of what is moved, in the same token. */
export interface FractionalTokenFee {
  readonly kind: 'fractional';
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Units. */
  readonly minimum: bigint;
  readonly maximum: bigint | undefined;
  /** Whether the sender pays it beside what it sends; else receivers get so much less. */
  readonly netOfTransfers: boolean;
  readonly collector: EntityNum;
  readonly allCollectorsExempt: boolean;
}

/** A custom fee of a fungible token (HIP-18). */
export type TokenFee = FixedTokenFee | FractionalTokenFee;

export interface Token {
  readonly num: EntityNum;
  readonly name: string;
  readonly symbol: string;
  readonly memo: string;
  readonly metadata: Uint8Array;
  readonly decimals: number;
  readonly totalSupply: bigint;
  readonly initialSupply: bigint;
  readonly supplyType: 'INFINITE' | 'FINITE';
  readonly maxSupply: bigint;
  readonly treasury: EntityNum;
  readonly adminKey: Key | undefined;
  readonly supplyKey: Key | undefined;
  readonly freezeKey: Key | undefined;
  readonly kycKey: Key | undefined;
  readonly wipeKey: Key | undefined;
  readonly pauseKey: Key | undefined;
  readonly feeScheduleKey: Key | undefined;
  readonly metadataKey: Key | undefined;
  readonly customFees: readonly TokenFee[];
  /** When the custom fees were last set. */
  readonly customFeesSince: Nanos;
  readonly freezeDefault: boolean;
  readonly paused: boolean;
  readonly deleted: boolean;
  readonly autoRenewAccount: EntityNum | undefined;
  readonly autoRenewSeconds: bigint;
  readonly expiry: Nanos;
  readonly created: Nanos;
  readonly modified: Nanos;
}

/** What an account holds of a token; exists from association to dissociation. */
export interface TokenRelation {
  readonly account: EntityNum;
  readonly token: EntityNum;
  readonly balance: bigint;
  readonly frozen: boolean;
  readonly kycGranted: boolean;
  readonly automatic: boolean;
  readonly created: Nanos;
}

/** What an owner lets another account spend of its hbar, or of its units of a token. */
export interface Allowance {
  readonly owner: EntityNum;
  readonly spender: EntityNum;
  /** Undefined for hbar. */
  readonly token: EntityNum | undefined;
  /** What is left of it, tinybar or units; always more than 0. */
  readonly amount: bigint;
  readonly granted: bigint;
  /** When it was granted. */
  readonly since: Nanos;
}

export interface ScheduleSignature {
  /** Full public key bytes: 32 for Ed25519, 33 for ECDSA secp256k1. */
  readonly publicKey: Uint8Array;
  readonly type: 'ED25519' | 'ECDSA_SECP256K1';
  readonly signature: Uint8Array;
  readonly consensusTimestamp: Nanos;
}

export interface Schedule {
  readonly num: EntityNum;
  readonly creator: EntityNum;
  readonly payer: EntityNum;
  readonly adminKey: Key | undefined;
  readonly memo: string;
  /** Serialized SchedulableTransactionBody. */
  readonly body: Uint8Array;
  /** The transaction id of the execution: that of the create, with `scheduled`. */
  readonly scheduledTransactionId: TransactionKey;
  readonly waitForExpiry: boolean;
  readonly expiry: Nanos;
  /** Whether the creator named the expiry; only then does it count for identity (facts section 7.2). */
  readonly expiryExplicit: boolean;
  readonly created: Nanos;
  readonly executed: Nanos | undefined;
  readonly deletedAt: Nanos | undefined;
  readonly signatures: readonly ScheduleSignature[];
}

/** A transaction id. */
export interface TransactionKey {
  readonly payer: EntityNum;
  readonly validStart: Nanos;
  readonly scheduled: boolean;
  readonly nonce: number;
}
