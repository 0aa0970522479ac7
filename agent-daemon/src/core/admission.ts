/** Counts of the attempts at work. */
export interface Load {
  readonly running: number;
  readonly queued: number;
  readonly freeSlots: number;
}

/** Where an offered attempt went. */
export type Admitted = { readonly queuedBefore: number } | 'full';

/**
 * Slots and the bounded queue before them, first in, first out. Holds keys only; deterministic, without effects.
 */
export class Admission {
  readonly #running = new Set<string>();
  /** Insertion order is queue order. */
  readonly #waiting = new Set<string>();

  constructor(
    readonly slots: number,
    readonly queue: number,
  ) {}

  /** Takes an attempt in, unless every slot and every place in the queue is taken. */
  offer(key: string): Admitted {
    if (this.room <= 0) return 'full';
    this.#waiting.add(key);
    return { queuedBefore: Math.max(0, this.#waiting.size - 1) };
  }

  /** How many more attempts would be taken in. */
  get room(): number {
    return this.slots - this.#running.size + this.queue - this.#waiting.size;
  }

  /** Gives the oldest waiting attempt a slot; undefined when none waits or no slot is free. */
  grantNext(): string | undefined {
    if (this.#running.size >= this.slots) return undefined;
    const next = this.#waiting.values().next();
    if (next.done) return undefined;
    this.#waiting.delete(next.value);
    this.#running.add(next.value);
    return next.value;
  }

  /** Takes an attempt out of its slot or out of the queue. */
  leave(key: string): void {
    this.#running.delete(key);
    this.#waiting.delete(key);
  }

  get load(): Load {
    return {
      running: this.#running.size,
      queued: this.#waiting.size,
      freeSlots: Math.max(0, this.slots - this.#running.size),
    };
  }

  /** The attempts that run, then those that wait. */
  keys(): readonly string[] {
    return [...this.#running, ...this.#waiting];
  }
}
