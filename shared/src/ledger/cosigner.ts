import type { AccountId, ScheduleId, TokenId, TopicId, TransactionId } from '../vocabulary/ids.js';
import type { Nanos } from '../vocabulary/time.js';
import type { Payee } from './payee.js';

/** What the outer transaction of a batch is made of beside the inner ones. */
export interface OuterFields {
  readonly id: TransactionId;
  /** How long the network may take it. */
  readonly validSeconds: number;
  /** The one node that it is submitted to: it is part of what is signed. */
  readonly node: AccountId;
  readonly maxFeeTinybar: bigint;
}

/** A batch that pays out of an escrow and lacks the cosigner's signatures. */
export interface UnsignedBatch {
  /** The inner transactions in order, the transfer first, each with the signature of its payer. */
  readonly inner: readonly Uint8Array[];
  readonly outer: OuterFields;
}

/** What a cosigner adds. */
export interface Cosignature {
  /** Over the body of the transfer. */
  readonly transfer: Uint8Array;
  /** Over the body of the outer transaction, with the signature above put in. */
  readonly outer: Uint8Array;
}

/** Whose signature an escrow needs besides the payer's. */
export interface Cosigner {
  readonly account: AccountId;
  /** DER hex. */
  readonly publicKey: string;
  /**
   * Asks for the signatures. The same batch gets the same ones again, while its window lives.
   * @throws GatepostError when there are none to be had: nothing was submitted.
   */
  cosign(batch: UnsignedBatch): Promise<Cosignature>;
}

/** The account that a transfer goes out of, in place of the payer's own, and who signs for it too. */
export interface Escrow {
  readonly account: AccountId;
  readonly cosigner: Cosigner;
}

/** Makes the signatures of one key. */
export interface Signer {
  /** DER hex. */
  readonly publicKey: string;
  sign(message: Uint8Array): Uint8Array;
}

/** What a batch would do, as its bytes say, and what has to be signed for it. Nothing in it is to be believed. */
export interface EscrowBatch {
  /** SHA-256 over what is signed: two requests with the same are the same request. */
  readonly digest: string;
  /** Id of the outer transaction. */
  readonly id: TransactionId;
  /** Pays for all of it, and signed all of it. */
  readonly payer: AccountId;
  /** Of the outer transaction. */
  readonly validStart: Nanos;
  readonly validSeconds: number;
  /** Where the tokens come from, and which. */
  readonly from: AccountId;
  readonly token: TokenId;
  readonly payees: readonly Payee[];
  /** Id of the inner transfer. */
  readonly transfer: TransactionId;
  readonly messages: readonly { readonly topic: TopicId; readonly message: Uint8Array }[];
  /** Schedules that are deleted with it, by the payer's key alone. */
  readonly unscheduled: readonly ScheduleId[];
  /** Signs it as the holder of the batch key. */
  readonly sign: (cosigner: Signer) => Cosignature;
}

/** What was read of a batch, or an objection in words: it is not exactly a batch that pays out of an escrow. */
export type BatchReading = EscrowBatch | { readonly objection: string };
