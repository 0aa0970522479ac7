import type { Cancel, MirrorClock } from '../../src/mirror/clock.js';

/** A clock that only moves when told to, running what falls due on the way in order. */
export class FakeClock implements MirrorClock {
  #elapsedMs = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  now(): bigint {
    return BigInt(Math.round(this.#elapsedMs * 1e6));
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#elapsedMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(ms: number): void {
    const until = this.#elapsedMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((one) => one.dueMs <= until).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
    }
    this.#elapsedMs = until;
  }
}
