import type { Unserved } from '../../core/decide/unserved.js';
import type { OpenWait, Waits } from './waits.js';

/** Makes of work that nobody can be found for waits of the run; each ends with the first look that finds somebody. */
export class AgentWaits {
  readonly #open = new Map<string, OpenWait>();

  constructor(private readonly waits: Waits) {}

  /** Takes what a look has found to be unserved. */
  note(unserved: readonly Unserved[]): void {
    const waiting = new Set(unserved.map(({ whom }) => whom));
    for (const [whom, wait] of this.#open) {
      if (waiting.has(whom)) continue;
      wait.end();
      this.#open.delete(whom);
    }
    for (const { whom, what } of unserved) {
      const wait = this.#open.get(whom) ?? this.waits.open(whom);
      this.#open.set(whom, wait);
      wait.note(what);
    }
  }
}
