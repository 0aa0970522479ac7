import type { AccountId, ScheduleId, TokenId, TopicId, TransactionId } from '../vocabulary/ids.js';
import type { Outcome } from '../vocabulary/outcome.js';
import type { Nanos } from '../vocabulary/time.js';
import type { TopicCreation } from '../vocabulary/topic-creation.js';
import type { Escrow } from './cosigner.js';
import type { Payee } from './payee.js';
import type { Cursor, TopicMessage } from './topic-message.js';

/** A signed transaction. Its id and its bytes never change, so it can be submitted again without happening twice. */
export interface PreparedTransaction {
  readonly id: TransactionId;
  /** The signed bytes; enough to submit it from another process. */
  readonly bytes: Uint8Array;
  /** After this consensus time the network will not take it any more. */
  readonly validUntil: Nanos;
}

/** One thing that an account can have the network do. */
export type Action =
  | { readonly kind: 'message'; readonly topic: TopicId; readonly message: Uint8Array }
  | { readonly kind: 'transfer'; readonly token: TokenId; readonly payees: readonly Payee[] }
  /** A topic message that the network posts by itself at `expiresAt` (whole seconds count) unless it is taken back. */
  | {
      readonly kind: 'schedule';
      readonly topic: TopicId;
      readonly message: Uint8Array;
      readonly expiresAt: Nanos;
      /** Distinguishes it from an identical one; at most 100 bytes. */
      readonly memo: string;
    }
  | { readonly kind: 'unschedule'; readonly schedule: ScheduleId };

/** Fixes parts of a transaction. */
export interface PrepareActions {
  /** Id of the first action: the transaction's own, or inside a batch that of the first inner one. */
  readonly firstId?: TransactionId;
  /** 15 to 180; how long the network may take it. Default 120. */
  readonly validSeconds?: number;
  /**
   * Where the first action, a transfer, takes the tokens from. It is a batch then, whose valid start is not later than the
   * mirror's clock, and its cosigner is asked for its signatures.
   */
  readonly escrow?: Escrow;
}

/** How an execution tells of itself, and ends early. */
export interface ExecuteOptions {
  /** Ends the execution, with `unknown`. */
  readonly signal?: AbortSignal;
  /** Called whenever nobody could tell yet, with the reason in words. */
  readonly onWait?: (why: string) => void;
}

/** A message of an account as the list of its transactions shows it: without the bytes and the sequence number. */
export interface ListedTransaction {
  readonly id: TransactionId;
  readonly topic: TopicId;
  readonly at: Nanos;
}

/** A schedule of this account that still waits, as the mirror shows it, which may be late. */
export interface WaitingSchedule {
  readonly id: ScheduleId;
  readonly memo: string;
}

/**
 * One account's view of a network: all that coordinator and daemon do on it while they work. Writes answer with an
 * outcome; reads throw MIRROR_UNREACHABLE. What is absent from a read is not evidence: the mirror lags.
 */
export interface Ledger {
  readonly account: AccountId;
  /** A transaction id of this account that nobody used before: part of it is random, for other processes' sake. */
  nextTransactionId(): TransactionId;
  /**
   * Fixes and signs; sends nothing. Several actions make one AtomicBatch (HIP-551): all happen or none.
   * @throws GatepostError INTERNAL for no action at all; with an escrow MIRROR_UNREACHABLE, or as its cosigner does.
   */
  prepare(actions: readonly Action[], options?: PrepareActions): Promise<PreparedTransaction>;
  /**
   * Submits the same bytes until their outcome is known, within bounds: by the receipt, then by the mirror once it
   * shows a time after the valid window. `unknown` is an invitation to ask again with the same bytes.
   */
  execute(prepared: PreparedTransaction, options?: ExecuteOptions): Promise<Outcome>;
  /** Every message after a cursor, in order, each once, until the signal aborts. Never throws for trouble on the way. */
  follow(topic: TopicId, after: Cursor, signal: AbortSignal): AsyncIterable<TopicMessage>;
  /** The messages after a cursor that the mirror shows now, in order. @throws GatepostError MIRROR_UNREACHABLE. */
  read(topic: TopicId, after: Cursor): AsyncIterable<TopicMessage>;
  /**
   * The messages of an account after a time, as the mirror shows them now, oldest first: one list for all topics, with what
   * schedules posted. Messages of others may be among them. @throws GatepostError MIRROR_UNREACHABLE.
   */
  messagesBy(author: AccountId, after: Nanos): AsyncIterable<ListedTransaction>;
  /** Result of a transaction as the mirror shows it; undefined when it does not (yet). @throws GatepostError MIRROR_UNREACHABLE. */
  resultOf(id: TransactionId): Promise<string | undefined>;
  /**
   * Whether the network posted the message of a time by a schedule that its author created and pays for.
   * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror does not show the cause yet.
   */
  isOfOwnSchedule(author: AccountId, at: Nanos): Promise<boolean>;
  /**
   * Who made a topic; undefined when the mirror shows no such topic (yet).
   * @throws GatepostError MIRROR_UNREACHABLE.
   */
  topicCreation(topic: TopicId): Promise<TopicCreation | undefined>;
  /**
   * Of topics, those that the mirror readily shows to have been made by whom is named, with few requests for many topics.
   * One that is left out may have been made by that account all the same.
   * @param makers by topic.
   * @throws GatepostError MIRROR_UNREACHABLE.
   */
  topicsMadeBy(makers: ReadonlyMap<TopicId, AccountId>): Promise<ReadonlyMap<TopicId, TopicCreation>>;
  /** Schedules of this account that still wait. @throws GatepostError MIRROR_UNREACHABLE. */
  waitingSchedules(): Promise<readonly WaitingSchedule[]>;
  /** The mirror's clock: consensus time of the newest transaction it shows. @throws GatepostError MIRROR_UNREACHABLE. */
  mirrorTime(): Promise<Nanos>;
}

/** The part of it that takes no key. */
export type LedgerReader = Pick<
  Ledger,
  'account' | 'follow' | 'read' | 'messagesBy' | 'isOfOwnSchedule' | 'topicCreation' | 'topicsMadeBy' | 'mirrorTime'
>;
