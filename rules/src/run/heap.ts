/** A binary heap: what comes before all others comes out first; equals in the order of insertion. */
export class Heap<T> {
  #heap: { readonly what: T; readonly order: number }[] = [];
  #order = 0;

  /** @param compare negative when the first of two comes out before the second. */
  constructor(private readonly compare: (a: T, b: T) => number) {}

  get size(): number {
    return this.#heap.length;
  }

  add(what: T): void {
    this.#order += 1;
    this.#heap.push({ what, order: this.#order });
    this.#up(this.#heap.length - 1);
  }

  peek(): T | undefined {
    return this.#heap[0]?.what;
  }

  pop(): T | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first?.what;
    this.#heap[0] = last;
    this.#down(0);
    return first.what;
  }

  /** Forgets what is not wanted any more; takes time in proportion to all that there is. */
  keep(isWanted: (what: T) => boolean): void {
    this.#heap = this.#heap.filter(({ what }) => isWanted(what));
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) this.#down(index);
  }

  #before(a: number, b: number): boolean {
    const left = this.#heap[a];
    const right = this.#heap[b];
    if (left === undefined || right === undefined) return left !== undefined;
    return (this.compare(left.what, right.what) || left.order - right.order) < 0;
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
