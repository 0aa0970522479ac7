import type { TransactionId } from '../../vocabulary/ids.js';
import { NANOS_PER_SECOND, type Nanos } from '../../vocabulary/time.js';
import { type Envelope, isBatch, validStart } from './envelope.js';
import type { PastTransaction } from './history.js';

/** What a node says of a submission. */
export type Precheck =
  | { readonly kind: 'taken' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'later'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: string };

/** A final receipt. */
export interface FinalReceipt {
  readonly past: PastTransaction;
  /** Of the message that was posted. */
  readonly sequence: number | undefined;
}

/** A transaction that a node took. */
export interface ReceiptEntry {
  readonly envelope: Envelope;
  readonly bytes: Uint8Array;
  final: FinalReceipt | undefined;
  /** Called once with the final receipt. */
  readonly waiting: Set<(receipt: FinalReceipt) => void>;
}

/** Receipts are kept so long after the start of a transaction's window (facts, section 2.3). */
const RETENTION: Nanos = 180n * NANOS_PER_SECOND;
const PURGE_EVERY: Nanos = 30n * NANOS_PER_SECOND;

/** What nodes remember of recent transactions: their receipts, and by that which ids they saw. */
export class Receipts {
  readonly #entries = new Map<TransactionId, ReceiptEntry>();
  #purgedAt: Nanos = 0n;

  /** A node took it; the ids of what is inside are taken too. */
  expect(envelope: Envelope, bytes: Uint8Array): ReceiptEntry {
    const entry: ReceiptEntry = { envelope, bytes, final: undefined, waiting: new Set() };
    this.#entries.set(envelope.id, entry);
    if (isBatch(envelope.parts)) for (const { id } of envelope.parts) this.#entries.set(id, entry);
    return entry;
  }

  /** Whether an id was seen, so that another transaction with it is a duplicate. */
  knows(id: TransactionId, now: Nanos): boolean {
    if (now > this.#purgedAt + PURGE_EVERY) this.#purge(now);
    return this.#entries.has(id);
  }

  of(id: TransactionId): ReceiptEntry | undefined {
    return this.#entries.get(id);
  }

  conclude(entry: ReceiptEntry, past: PastTransaction, sequence: number | undefined): void {
    entry.final = { past, sequence };
    for (const tell of entry.waiting) tell(entry.final);
    entry.waiting.clear();
  }

  #purge(now: Nanos): void {
    this.#purgedAt = now;
    for (const id of this.#entries.keys()) if (validStart(id) + RETENTION < now) this.#entries.delete(id);
  }
}
