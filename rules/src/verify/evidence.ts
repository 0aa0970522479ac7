import type { CustomFee, FeeAmount } from '@gatepost/shared/vocabulary/custom-fees';
import type { AccountId, TokenId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';

/** A topic message, one chunk, as the mirror shows it. */
export interface MessageEvidence {
  readonly sequence: number;
  /** Consensus timestamp. */
  readonly at: Nanos;
  /**
   * Consensus timestamp of the transaction that the network was handling when it took the message, which is what the
   * running hash covers: that of the batch, or of the create or sign that made a schedule run at once; else its own.
   */
  readonly handledAt: Nanos;
  /** The account that paid for it: its author. */
  readonly payer: AccountId;
  readonly content: Uint8Array;
  /** 1 for a message in one piece. */
  readonly chunks: number;
  /** SHA-384 over this message and all before it; undefined when the mirror does not give it. */
  readonly runningHash: Uint8Array | undefined;
}

/** A topic and everything on it. */
export interface TopicEvidence {
  readonly topic: TopicId;
  /** Key that may change the topic, `type:hex`; undefined when it has none. */
  readonly adminKey: string | undefined;
  /** Key that must sign every message, `type:hex`; undefined when anybody may write. */
  readonly submitKey: string | undefined;
  /** In the order of sequence numbers. */
  readonly messages: readonly MessageEvidence[];
}

/** A topic of which it matters whose it is: a journal, an agent's inbox, or what somebody announced as one. */
export interface OwnedTopicEvidence extends TopicEvidence {
  /** Who made it; undefined when the mirror does not know. */
  readonly creation: TopicCreation | undefined;
}

/** A successful transaction that moved tokens or carried a message. */
export interface TransactionEvidence {
  readonly id: TransactionId;
  readonly at: Nanos;
  /** As the mirror calls its kind, such as CRYPTOTRANSFER. */
  readonly name: string;
  /** What it acted on, such as the topic of a message; undefined when the mirror names nothing. */
  readonly entity: string | undefined;
  /** Consensus timestamp of the atomic batch it was part of; undefined when it stood alone. */
  readonly batch: Nanos | undefined;
  readonly tokenTransfers: readonly TokenTransfer[];
  /** Left out when it brought none with it. */
  readonly customFees?: CustomFeesEvidence;
  /** Whether a schedule's time had come; left out when somebody submitted it. */
  readonly scheduled?: true;
}

/** A custom fee that the network assessed, part of the transfers of its transaction. */
export interface AssessedFee extends FeeAmount {
  /** Whose balance it lowered. */
  readonly payers: readonly AccountId[];
}

/** The custom fees of a payment. */
export interface CustomFeesEvidence {
  readonly assessed: readonly AssessedFee[];
  /** All that the payment's token had at the time; undefined when the mirror does not know it any more. */
  readonly schedule: readonly CustomFee[] | undefined;
}

/** What a transaction did to one account's balance of a token. */
export interface TokenTransfer {
  readonly token: TokenId;
  readonly account: AccountId;
  /** Negative when it left the account. */
  readonly amount: bigint;
}

/** Everything that is needed to check the runs of a journal; all of it public. */
export interface Evidence {
  readonly journal: OwnedTopicEvidence;
  /** Inboxes of all agents that reported on a run or were paid for it. */
  readonly inboxes: readonly OwnedTopicEvidence[];
  /** Keys of all accounts that matter, `type:hex`; undefined for a composite key. */
  readonly accountKeys: ReadonlyMap<AccountId, string | undefined>;
  /** Account that holds the supply of each payment token. */
  readonly treasuries: ReadonlyMap<TokenId, AccountId>;
  /**
   * Transactions of those who pay the runs, from the first opening until `WATCH_NANOS` after the last end, oldest first.
   */
  readonly transactions: readonly TransactionEvidence[];
  /** Keys of the escrows of runs with a gatekeeper; undefined of what is no plain list of keys. */
  readonly escrowKeys?: ReadonlyMap<AccountId, KeyListEvidence | undefined>;
  /** When the network carried out each schedule that a dispute names; undefined for one that still waits, or is none. */
  readonly disputeSchedules?: ReadonlyMap<string, Nanos | undefined>;
  /** Keys of the tokens that such runs pay in: what each allows, such as `supply`, and the key, `type:hex`. */
  readonly tokenKeys?: ReadonlyMap<TokenId, readonly (readonly [allows: string, key: string])[]>;
}

/** So many of these keys, each `type:hex`, must sign. */
export interface KeyListEvidence {
  readonly keys: readonly string[];
  readonly threshold: number;
}
