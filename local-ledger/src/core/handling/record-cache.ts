import { TransactionRecord } from '@gatepost/local-ledger/gen/services_transaction_record';
import { keyText } from '../ids.js';
import { limits } from '../limits.js';
import type { Nanos, TransactionKey } from '../model.js';
import { Status } from '../status.js';
import { secondsToNanos } from '../time.js';
import type { Handled } from './dispatch.js';
import { recordOf } from './record.js';
import { bytesOf, type Piece, Slab } from './slab.js';

const retention = secondsToNanos(limits.maxValidSeconds);

interface Entry {
  /** Serialized record; undefined while accepted and not yet handled. */
  record: Piece | undefined;
  /** Whether it will never be handled: an inner transaction of a batch that stopped before it. */
  isAbandoned: boolean;
  /** Ledger time from which the receipt is gone. */
  readonly retiresAt: Nanos;
  /** Wall time from which the id cannot be accepted any more. */
  readonly unusableAt: Nanos;
}

/**
 * Receipts and the window in which an id is a duplicate: an entry stays until 180 s after its valid start, wherever the
 * transaction came from. An id whose receipt is gone because the clock was advanced is still known, as expired.
 */
export class RecordCache {
  readonly #entries = new Map<string, Entry>();
  readonly #expired = new Map<string, Nanos>();
  readonly #slab = new Slab();
  #sweptAt: Nanos = 0n;

  /** Takes a fresh id as accepted. `skew` is how far the ledger's clock is ahead of the wall's. */
  accept(key: TransactionKey, now: Nanos, skew: Nanos): void {
    this.#entries.set(keyText(key), newEntry(key, now, skew));
  }

  /** Takes an accepted id as one that will never be handled: its receipt stays UNKNOWN. */
  abandon(key: TransactionKey): void {
    const entry = this.#entries.get(keyText(key));
    if (entry !== undefined) {
      entry.isAbandoned = true;
    }
  }

  /** Makes a result visible. */
  publish(handled: Handled, now: Nanos, skew: Nanos): void {
    const { transactionId } = handled.item;
    const text = keyText(transactionId);
    const entry = this.#entries.get(text) ?? newEntry(transactionId, now, skew);
    entry.record = this.#slab.keep(TransactionRecord.encode(recordOf(handled)).finish());
    this.#entries.set(text, entry);
  }

  /** The record of an id: `pending` until it is handled. */
  find(key: TransactionKey): TransactionRecord | 'pending' | undefined {
    const entry = this.#entries.get(keyText(key));
    return entry && (entry.record === undefined ? 'pending' : decoded(entry.record));
  }

  /** Whether an id is accepted and not yet handled. */
  isPending(key: TransactionKey): boolean {
    const entry = this.#entries.get(keyText(key));
    return entry !== undefined && entry.record === undefined && !entry.isAbandoned;
  }

  /** Why an id cannot be accepted again, if so. */
  seen(key: TransactionKey): Status | undefined {
    const text = keyText(key);
    if (this.#entries.has(text)) {
      return Status.DUPLICATE_TRANSACTION;
    }
    return this.#expired.has(text) ? Status.TRANSACTION_EXPIRED : undefined;
  }

  /** Records of what the network did by itself for a transaction, in order: those with its id and a nonce. */
  childrenOf(key: TransactionKey): TransactionRecord[] {
    const children: TransactionRecord[] = [];
    for (let nonce = key.nonce + 1; ; nonce++) {
      const child = this.find({ ...key, nonce });
      if (child === undefined || child === 'pending') {
        return children;
      }
      children.push(child);
    }
  }

  /** All records in the window, oldest accepted first. */
  all(): TransactionRecord[] {
    return [...this.#entries.values()].flatMap(({ record }) => (record === undefined ? [] : decoded(record)));
  }

  /** Drops what is past its time; looks at most once a second. */
  sweep(now: Nanos, skew: Nanos): void {
    if (now - this.#sweptAt < secondsToNanos(1n)) {
      return;
    }
    this.#sweptAt = now;
    const wall = now - skew;
    for (const [text, entry] of this.#entries) {
      if ((entry.record !== undefined || entry.isAbandoned) && entry.retiresAt < now) {
        this.#entries.delete(text);
        if (entry.unusableAt > wall) {
          this.#expired.set(text, entry.unusableAt);
        }
      }
    }
    for (const [text, unusableAt] of this.#expired) {
      if (unusableAt <= wall) {
        this.#expired.delete(text);
      }
    }
  }
}

function newEntry(key: TransactionKey, now: Nanos, skew: Nanos): Entry {
  const isWallTime = key.validStart + skew <= now;
  const end = key.validStart + retention;
  const retiresAt = key.scheduled ? now + retention : isWallTime ? end + skew : end;
  return { record: undefined, isAbandoned: false, retiresAt, unusableAt: end };
}

function decoded(record: Piece): TransactionRecord {
  return TransactionRecord.decode(bytesOf(record));
}
