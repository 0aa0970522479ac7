/** A one-to-many index kept by a table's listener. */
export class IndexSet<K, V> {
  readonly #sets = new Map<K, Set<V>>();

  add(key: K, value: V): void {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#sets.set(key, new Set([value]));
    } else {
      set.add(value);
    }
  }

  delete(key: K, value: V): void {
    const set = this.#sets.get(key);
    set?.delete(value);
    if (set?.size === 0) {
      this.#sets.delete(key);
    }
  }

  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key) ?? new Set();
  }

  keys(): IterableIterator<K> {
    return this.#sets.keys();
  }
}
