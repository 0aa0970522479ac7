import type { EntityNum } from '../core/model.js';

/** Who wants to know when a topic has a new message. */
export class TopicWaiters {
  readonly #waiters = new Map<EntityNum, Set<() => void>>();

  /** Calls `wake` after every new message of the topic, until the returned function is called. */
  add(topic: EntityNum, wake: () => void): () => void {
    const waiters = this.#waiters.get(topic) ?? new Set();
    this.#waiters.set(topic, waiters.add(wake));
    return () => {
      waiters.delete(wake);
      if (waiters.size === 0 && this.#waiters.get(topic) === waiters) this.#waiters.delete(topic);
    };
  }

  wake(topic: EntityNum): void {
    for (const wake of this.#waiters.get(topic) ?? []) wake();
  }
}
