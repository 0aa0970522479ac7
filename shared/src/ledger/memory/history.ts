import type { AccountId, ScheduleId, TopicId, TransactionId } from '../../vocabulary/ids.js';
import type { Nanos } from '../../vocabulary/time.js';
import type { Action } from '../ledger.js';
import type { MemoryTransfer } from './handle.js';

/** A transaction that reached consensus, as a mirror shows it. */
export interface PastTransaction {
  readonly id: TransactionId;
  readonly at: Nanos;
  readonly payer: AccountId;
  /** `batch` and `nothing` for transactions that only hold others, or nothing at all. */
  readonly kind: Action['kind'] | 'batch' | 'nothing';
  /** The real network's status. */
  readonly result: string;
  /** Consensus time of the batch that it was part of. */
  readonly batch: Nanos | undefined;
  /** Whether a schedule had it happen. */
  readonly scheduled: boolean;
  /** What it moved; nothing when it did not succeed. */
  readonly transfers: readonly MemoryTransfer[];
  /** The topic that it wrote to, or was to write to. */
  readonly topic: TopicId | undefined;
  /** The schedule that it made or came from. */
  readonly schedule: ScheduleId | undefined;
  /** Its signed bytes; undefined for what has none of its own. */
  readonly bytes: Uint8Array | undefined;
}

/** Transactions in consensus order; only the newest are kept. */
export class History {
  readonly #all: PastTransaction[] = [];
  readonly #byId = new Map<TransactionId, PastTransaction[]>();

  constructor(readonly kept: number) {}

  add(past: PastTransaction): void {
    this.#all.push(past);
    const same = this.#byId.get(past.id);
    if (same === undefined) this.#byId.set(past.id, [past]);
    else same.push(past);
    if (this.#all.length <= 2 * this.kept) return;
    for (const { id } of this.#all.splice(0, this.#all.length - this.kept)) this.#byId.delete(id);
  }

  get all(): readonly PastTransaction[] {
    return this.#all;
  }

  /** All with an id: the transaction itself, and what a schedule of it did. */
  of(id: TransactionId): readonly PastTransaction[] {
    return this.#byId.get(id) ?? [];
  }

  /** The newest up to a time. */
  newestUntil(until: Nanos): PastTransaction | undefined {
    return this.#all[this.#countUntil(until) - 1];
  }

  /** All after a time, up to another. */
  between(after: Nanos, until: Nanos): readonly PastTransaction[] {
    return this.#all.slice(this.#countUntil(after), this.#countUntil(until));
  }

  #countUntil(until: Nanos): number {
    let [low, high] = [0, this.#all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#all[middle]?.at ?? 0n) <= until) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The one of a consensus time. */
  at(at: Nanos): PastTransaction | undefined {
    const found = this.newestUntil(at);
    return found?.at === at ? found : undefined;
  }
}
