import { keyText } from '../ids.js';
import { limits } from '../limits.js';
import type { Nanos, TransactionKey } from '../model.js';
import { Status } from '../status.js';
import { secondsToNanos } from '../time.js';
import type { Handled } from './dispatch.js';

const retention = secondsToNanos(limits.maxValidSeconds);

interface Entry {
  readonly text: string;
  /** Undefined while accepted and not yet handled. */
  handled: Handled | undefined;
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
  #sweptAt: Nanos = 0n;

  /** Takes a fresh id as accepted. `skew` is how far the ledger's clock is ahead of the wall's. */
  accept(key: TransactionKey, now: Nanos, skew: Nanos): void {
    const text = keyText(key);
    const isWallTime = key.validStart + skew <= now;
    const end = key.validStart + retention;
    const retiresAt = key.scheduled ? now + retention : isWallTime ? end + skew : end;
    this.#entries.set(text, { text, handled: undefined, retiresAt, unusableAt: end });
  }

  /** Forgets an accepted id that was never handled. */
  withdraw(key: TransactionKey): void {
    this.#entries.delete(keyText(key));
  }

  /** Makes a result visible. */
  publish(handled: Handled, now: Nanos, skew: Nanos): void {
    const key = handled.item.transactionId;
    const entry = this.#entries.get(keyText(key)) ?? this.#entryFor(key, now, skew);
    entry.handled = handled;
  }

  /** The entry of an id: `pending` until handled. */
  find(key: TransactionKey): Handled | 'pending' | undefined {
    const entry = this.#entries.get(keyText(key));
    return entry && (entry.handled ?? 'pending');
  }

  /** Why an id cannot be accepted again, if so. */
  seen(key: TransactionKey): Status | undefined {
    const text = keyText(key);
    if (this.#entries.has(text)) {
      return Status.DUPLICATE_TRANSACTION;
    }
    return this.#expired.has(text) ? Status.TRANSACTION_EXPIRED : undefined;
  }

  /** Handled transactions still in the window, oldest accepted first. */
  *handled(): IterableIterator<Handled> {
    for (const { handled } of this.#entries.values()) {
      if (handled !== undefined) {
        yield handled;
      }
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Drops what is past its time; looks at most once a second. */
  sweep(now: Nanos, skew: Nanos): void {
    if (now - this.#sweptAt < secondsToNanos(1n)) {
      return;
    }
    this.#sweptAt = now;
    const wall = now - skew;
    for (const entry of this.#entries.values()) {
      if (entry.handled !== undefined && entry.retiresAt < now) {
        this.#entries.delete(entry.text);
        if (entry.unusableAt > wall) {
          this.#expired.set(entry.text, entry.unusableAt);
        }
      }
    }
    for (const [text, unusableAt] of this.#expired) {
      if (unusableAt <= wall) {
        this.#expired.delete(text);
      }
    }
  }

  #entryFor(key: TransactionKey, now: Nanos, skew: Nanos): Entry {
    this.accept(key, now, skew);
    const entry = this.#entries.get(keyText(key));
    if (entry === undefined) {
      throw new Error('an accepted entry is missing');
    }
    return entry;
  }
}
