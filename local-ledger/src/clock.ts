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
  #reached: () => Nanos = () => 0n;

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
    await this.#tell();
  }

  /**
   * Sets the lead over the machine's time. A smaller one is taken only while consensus has not reached the time that it
   * leads to; otherwise rejects with RangeError.
   */
  async setOffset(nanos: Nanos): Promise<void> {
    if (nanos < this.#offset && this.wall() + nanos <= this.#reached()) {
      throw new RangeError('consensus time never goes back');
    }
    this.#offset = nanos;
    await this.#tell();
  }

  /** Names the newest consensus timestamp, behind which the clock must not be set. */
  notBefore(reached: () => Nanos): void {
    this.#reached = reached;
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

  async #tell(): Promise<void> {
    for (const listener of this.#listeners) {
      await listener();
    }
  }
}
