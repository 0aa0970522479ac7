import type { Awaited } from '../../core/awaited.js';
import type { OpenWait, Waits } from './waits.js';

/** Makes waits of what a look at the run finds it to wait for; each ends with the first look that does not find it. */
export class AwaitedWaits {
  readonly #open = new Map<string, OpenWait>();

  constructor(private readonly waits: Waits) {}

  /** Takes what a look has found. */
  note(awaited: readonly Awaited[]): void {
    const waiting = new Set(awaited.map(({ whom }) => whom));
    for (const [whom, wait] of this.#open) {
      if (waiting.has(whom)) continue;
      wait.end();
      this.#open.delete(whom);
    }
    for (const { kind, whom, what } of awaited) {
      const wait = this.#open.get(whom) ?? this.waits.open(kind, whom);
      this.#open.set(whom, wait);
      wait.note(what);
    }
  }
}
