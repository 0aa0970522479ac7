import type { RecordItem, RecordSource } from '../core/record-item.js';

/** Produces the items there are already, oldest first; runs once. */
export type History = (emit: (item: RecordItem) => void) => void;

/**
 * Hands record items to the mirror side and keeps none: a million of them would cost gigabytes. The history runs when
 * the first listener comes, so that one gets everything from genesis on; a later one gets what comes after it.
 */
export class RecordHub implements RecordSource {
  readonly #listeners = new Set<(item: RecordItem) => void>();
  #history: History | undefined;

  constructor(history: History) {
    this.#history = history;
  }

  subscribe(listener: (item: RecordItem) => void): () => void {
    this.#listeners.add(listener);
    this.recall();
    return () => this.#listeners.delete(listener);
  }

  /** Runs the history now, for those who listen already. */
  recall(): void {
    const history = this.#history;
    this.#history = undefined;
    history?.((item) => this.emit(item));
  }

  emit(item: RecordItem): void {
    for (const listener of this.#listeners) {
      listener(item);
    }
  }
}
