const FIRST_CAPACITY = 1_024;
const NONE = -1;

/** A place, and which of the payments there; 0 for what is no payment. */
export interface PackedItem {
  readonly place: number;
  readonly payment: number;
}

/** Any number of lists that grow side by side, some twenty bytes an item. */
export class PackedLists {
  #places = new Float64Array(FIRST_CAPACITY);
  #payments = new Uint16Array(FIRST_CAPACITY);
  #nexts = new Int32Array(FIRST_CAPACITY);
  #size = 0;
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];

  /** Begins a list, and says its number, from 0. */
  begin(): number {
    this.#lasts.push(NONE);
    return this.#firsts.push(NONE) - 1;
  }

  add(list: number, place: number, payment: number): void {
    if (this.#size === this.#places.length) this.#grow();
    const item = this.#size;
    this.#size += 1;
    this.#places[item] = place;
    this.#payments[item] = payment;
    this.#nexts[item] = NONE;
    const last = this.#lasts[list] ?? NONE;
    if (last === NONE) this.#firsts[list] = item;
    else this.#nexts[last] = item;
    this.#lasts[list] = item;
  }

  /** A list, in the order in which it was added to. */
  *of(list: number): Generator<PackedItem> {
    for (let item = this.#firsts[list] ?? NONE; item !== NONE; item = this.#nexts[item] ?? NONE) {
      yield { place: this.#places[item] ?? 0, payment: this.#payments[item] ?? 0 };
    }
  }

  #grow(): void {
    const capacity = this.#places.length * 2;
    const [places, payments, nexts] = [this.#places, this.#payments, this.#nexts];
    this.#places = new Float64Array(capacity);
    this.#places.set(places);
    this.#payments = new Uint16Array(capacity);
    this.#payments.set(payments);
    this.#nexts = new Int32Array(capacity);
    this.#nexts.set(nexts);
  }
}
