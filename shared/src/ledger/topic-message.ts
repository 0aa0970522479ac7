import type { AccountId, TopicId } from '../vocabulary/ids.js';
import type { Nanos } from '../vocabulary/time.js';

/** A topic message with what the network verified about it. */
export interface TopicMessage {
  readonly topic: TopicId;
  readonly sequenceNumber: number;
  readonly consensusTimestamp: Nanos;
  /** The account that paid for it: its author. */
  readonly payer: AccountId;
  readonly message: Buffer;
  readonly chunk: { readonly number: number; readonly total: number };
}

/** How far a reader has come. */
export interface Cursor {
  readonly sequenceNumber: number;
  readonly consensusTimestamp: Nanos;
}

export const START: Cursor = { sequenceNumber: 0, consensusTimestamp: 0n };
