import type { Clock } from './clock.js';

/** Most bytes that are sent together, so that whoever takes a single message takes them too. */
const MAX_BUNDLE_BYTES = 48 * 1_024;

/** Collects what is to be sent in one turn of the event loop and hands it on together, in order. */
export class Bundle<T> {
  #items: T[] = [];
  #bytes = 0;
  #isDue = false;

  constructor(
    private readonly clock: Pick<Clock, 'soon'>,
    private readonly send: (items: readonly T[]) => void,
  ) {}

  /** @param bytes not less than the item takes. */
  add(item: T, bytes: number): void {
    if (this.#bytes + bytes > MAX_BUNDLE_BYTES) this.flush();
    this.#items.push(item);
    this.#bytes += bytes;
    if (this.#isDue) return;
    this.#isDue = true;
    this.clock.soon(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  /** Sends what waits at once. */
  flush(): void {
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    this.send(items);
  }
}
