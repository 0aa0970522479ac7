import type { LiveAttempt } from './live-attempt.js';

/** Finished attempts whose events may be asked for again; older ones can only repeat their last event, from the store. */
const KEPT = 1_000;

/** The attempts that finished last, a bounded number of them. */
export class RecentAttempts {
  readonly #kept = new Map<string, LiveAttempt>();

  add(live: LiveAttempt): void {
    this.#kept.set(live.key, live);
    if (this.#kept.size <= KEPT) return;
    const oldest = this.#kept.keys().next();
    if (!oldest.done) this.#kept.delete(oldest.value);
  }

  get(key: string): LiveAttempt | undefined {
    return this.#kept.get(key);
  }

  drop(key: string): void {
    this.#kept.delete(key);
  }

  values(): IterableIterator<LiveAttempt> {
    return this.#kept.values();
  }
}
