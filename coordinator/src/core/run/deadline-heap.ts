/** Something that is due at a time. */
interface Due<T> {
  readonly at: number;
  readonly what: T;
}

/** A binary heap of things by the time they are due; equal times in the order of insertion. */
export class DeadlineHeap<T> {
  readonly #heap: (Due<T> & { readonly order: number })[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(at: number, what: T): void {
    this.#order += 1;
    this.#heap.push({ at, what, order: this.#order });
    this.#up(this.#heap.length - 1);
  }

  peek(): Due<T> | undefined {
    return this.#heap[0];
  }

  pop(): Due<T> | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first;
    this.#heap[0] = last;
    this.#down(0);
    return first;
  }

  #before(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return left !== undefined;
    return left.at === right.at ? left.order < right.order : left.at < right.at;
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }

  #up(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(from: number): void {
    for (let index = from; ; ) {
      const left = index * 2 + 1;
      let least = index;
      if (this.#before(left, least)) least = left;
      if (this.#before(left + 1, least)) least = left + 1;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }
}
