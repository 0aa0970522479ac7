import type { Journal, Revertible } from './journal.js';

/** Told of every change of a row, rollbacks included: what a secondary index listens to. */
export type RowListener<V> = (before: V | undefined, after: V | undefined) => void;

export interface Change<V> {
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** Immutable rows by key; every write goes through the journal. */
export class Table<K extends string | number, V> implements Revertible {
  readonly #rows = new Map<string | number, V>();
  readonly #journal: Journal;
  readonly #listener: RowListener<V> | undefined;

  constructor(journal: Journal, listener?: RowListener<V>) {
    this.#journal = journal;
    this.#listener = listener;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: K): V | undefined {
    return this.#rows.get(key);
  }

  put(key: K, row: V): void {
    this.#write(key, row);
  }

  remove(key: K): void {
    this.#write(key, undefined);
  }

  values(): IterableIterator<V> {
    return this.#rows.values();
  }

  /** Rows changed since `mark`. */
  changes(mark: number): Change<V>[] {
    return this.#journal
      .touched(this, mark)
      .map(({ key, before }) => ({ before: before as V | undefined, after: this.#rows.get(key) }))
      .filter(({ before, after }) => before !== after);
  }

  restore(key: string | number, before: unknown): void {
    this.#set(key, before as V | undefined);
  }

  #write(key: K, row: V | undefined): void {
    this.#journal.record(this, key, this.#rows.get(key));
    this.#set(key, row);
  }

  #set(key: string | number, row: V | undefined): void {
    const before = this.#rows.get(key);
    if (row === undefined) {
      this.#rows.delete(key);
    } else {
      this.#rows.set(key, row);
    }
    this.#listener?.(before, row);
  }
}
