/** A growable list of unsigned 32-bit integers: 4 bytes an element, no object per element. */
export class U32List {
  #items = new Uint32Array(4);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends `value`, which must be an integer from 0 to 2^32 - 1. */
  push(value: number): void {
    if (this.#length === this.#items.length) {
      const grown = new Uint32Array(this.#items.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.#length++] = value;
  }

  /** The element at `index`; throws RangeError outside of the list. */
  at(index: number): number {
    const value = index < this.#length ? this.#items[index] : undefined;
    if (value === undefined) throw new RangeError(`no element ${index} in a list of ${this.#length}`);
    return value;
  }

  /** The last element, or undefined when the list is empty. */
  last(): number | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#length - 1];
  }
}

/**
 * The first index from 0 to `length` for which `isReached` holds; `length` when none does.
 * `isReached` must be false up to some index and true from there on.
 */
export function lowerBound(length: number, isReached: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
