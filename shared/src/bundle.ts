import type { Clock } from './clock.js';

/** Most bytes that are sent together, so that whoever takes a single message takes them too. */
const MAX_BUNDLE_BYTES = 48 * 1_024;

/** Collects what is to be sent soon and hands it on together, in order. */
export class Bundle<T> {
  #items: T[] = [];
  #bytes = 0;
  /** When what waits is due, 0 for after this turn of the event loop; undefined while nothing waits. */
  #dueMs: number | undefined;
  #callOff: (() => void) | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'nowMs' | 'at' | 'soon'>,
    private readonly send: (items: readonly T[]) => void,
  ) {}

  /**
   * @param bytes not less than the item takes.
   * @param withinMs how long it may wait for others; what is ready in this turn of the event loop shares in any case.
   */
  add(item: T, bytes: number, withinMs = 0): void {
    if (this.#bytes + bytes > MAX_BUNDLE_BYTES) this.flush();
    this.#items.push(item);
    this.#bytes += bytes;
    const dueMs = withinMs === 0 ? 0 : this.clock.nowMs() + withinMs;
    if (this.#dueMs !== undefined && this.#dueMs <= dueMs) return;
    this.#callOff?.();
    this.#callOff = undefined;
    this.#dueMs = dueMs;
    if (withinMs === 0) this.clock.soon(() => this.flush());
    else this.#callOff = this.clock.at(dueMs, () => this.flush());
  }

  /** Sends what waits at once. */
  flush(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#dueMs = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    this.send(items);
  }
}
