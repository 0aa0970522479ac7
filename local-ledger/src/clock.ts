import type { ClockControl } from './control/ports.js';
import type { Nanos } from './core/model.js';

const NANOS_PER_MILLISECOND = 1_000_000n;

/** Told after the clock was advanced; the advance is complete when all have returned. */
export type AdvanceListener = () => Promise<void> | void;

/** The ledger's time: the machine's, plus what an operator has advanced it by. */
export class LedgerClock implements ClockControl {
  readonly #listeners = new Set<AdvanceListener>();
  readonly #wallMillis: () => number;
  #offset: Nanos = 0n;

  constructor(wallMillis: () => number = Date.now) {
    this.#wallMillis = wallMillis;
  }

  /** The machine's time, nanoseconds since the epoch. */
  wall(): Nanos {
    return BigInt(this.#wallMillis()) * NANOS_PER_MILLISECOND;
  }

  /** The ledger's time, nanoseconds since the epoch. */
  now(): Nanos {
    return this.wall() + this.#offset;
  }

  /** How far the ledger's time is ahead of the machine's, in nanoseconds. */
  offset(): Nanos {
    return this.#offset;
  }

  /**
   * Moves the ledger's time forward by `nanos`. Whatever falls due on the way has happened when the promise resolves.
   * Rejects with RangeError for a negative step: consensus time never goes back.
   */
  async advance(nanos: Nanos): Promise<void> {
    if (nanos < 0n) {
      throw new RangeError('the clock cannot go back');
    }
    this.#offset += nanos;
    for (const listener of this.#listeners) {
      await listener();
    }
  }

  /** Sets the lead over the machine's time. Rejects with RangeError when time would go back. */
  async setOffset(nanos: Nanos): Promise<void> {
    await this.advance(nanos - this.#offset);
  }

  /** Sets the lead without telling anyone; for restoring a stored ledger. */
  restore(offset: Nanos): void {
    this.#offset = offset;
  }

  /** Calls `listener` after every advance; returns how to stop that. */
  onAdvance(listener: AdvanceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
