import type { Nanos } from '../core/model.js';

/** Stops what was scheduled; harmless when it has happened already. */
export type Cancel = () => void;

/** The mirror's two times: the network's, which an operator may advance, and elapsed time for delays. */
export interface MirrorClock {
  /** Network time in nanoseconds since the epoch. */
  now(): Nanos;
  /** Elapsed time in milliseconds from an arbitrary start. */
  elapsedMs(): number;
  /** Calls back once after `delayMs` milliseconds of elapsed time. */
  after(delayMs: number, callback: () => void): Cancel;
}

/** The machine's clocks; timers do not keep the process alive. */
export const systemClock: MirrorClock = {
  now: () => BigInt(Date.now()) * 1_000_000n,
  elapsedMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
