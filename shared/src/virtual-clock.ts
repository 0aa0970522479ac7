import type { Clock } from './clock.js';

interface Timer {
  readonly atMs: number;
  /** Of two at the same time the first set is the first called. */
  readonly order: number;
  /** Undefined once it was called off. */
  callback: (() => void) | undefined;
}

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Lets every promise that can settle without more time do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that stands still until it is told to go on, for tests and simulations: nothing in it takes real time. */
export class VirtualClock implements Clock {
  /** A binary heap. */
  readonly #timers: Timer[] = [];
  #orders = 0;

  constructor(private timeMs: number) {}

  nowMs(): number {
    return this.timeMs;
  }

  at(timeMs: number, callback: () => void): () => void {
    this.#orders += 1;
    const timer: Timer = { atMs: timeMs, order: this.#orders, callback };
    this.#push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  soon(callback: () => void): void {
    this.at(this.timeMs, callback);
  }

  /** Lets what is due happen, in order, one thing after the other, until something holds or a time has come. */
  async runUntil(holds: () => boolean, untilMs: number): Promise<boolean> {
    for (;;) {
      await settle();
      if (holds()) return true;
      const next = this.#pop(untilMs);
      if (next === undefined) {
        this.timeMs = Math.max(this.timeMs, untilMs);
        return false;
      }
      this.timeMs = Math.max(this.timeMs, next.atMs);
      next.callback?.();
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.runUntil(() => false, this.timeMs + ms);
  }

  #push(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = timers[parent] as Timer;
      if (!isBefore(timer, above)) break;
      timers[at] = above;
      at = parent;
    }
    timers[at] = timer;
  }

  /** The next timer that was not called off, if it is due by then. */
  #pop(untilMs: number): Timer | undefined {
    for (;;) {
      const [first] = this.#timers;
      if (first === undefined || first.atMs > untilMs) return undefined;
      this.#removeFirst();
      if (first.callback !== undefined) return first;
    }
  }

  #removeFirst(): void {
    const timers = this.#timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const right = timers[child + 1];
      if (right !== undefined && isBefore(right, timers[child] as Timer)) child += 1;
      const below = timers[child];
      if (below === undefined || !isBefore(below, last)) break;
      timers[at] = below;
      at = child;
    }
    timers[at] = last;
  }
}
