/** What a value of a message would gain by one more item, and how it takes it. */
export interface Growth {
  readonly bytes: number;
  readonly take: () => void;
}

/** A part of a JSON text that grows item by item and knows before it does by how much. */
export interface GrowingText<T> {
  /** Of the text so far, as UTF-8. */
  readonly bytes: number;
  grow(item: T): Growth;
  text(): string;
}

/** Items beside each other, parted by commas. */
export class Entries<T> implements GrowingText<T> {
  readonly #texts: string[] = [];
  bytes = 0;

  constructor(private readonly textOf: (item: T) => string) {}

  grow(item: T): Growth {
    const text = this.textOf(item);
    const bytes = Buffer.byteLength(text) + (this.#texts.length === 0 ? 0 : 1);
    const take = () => {
      this.#texts.push(text);
      this.bytes += bytes;
    };
    return { bytes, take };
  }

  text(): string {
    return this.#texts.join(',');
  }
}

/** How items with something in common share a text: what it begins with, and so what they have in common, and its end. */
export interface GroupForm<T> {
  readonly headOf: (item: T) => string;
  readonly inner: () => GrowingText<T>;
  readonly tail: string;
}

/** Groups of items with one head, in the order in which each first came, parted by commas. */
export class Groups<T> implements GrowingText<T> {
  readonly #groups = new Map<string, GrowingText<T>>();
  bytes = 0;

  constructor(private readonly form: GroupForm<T>) {}

  grow(item: T): Growth {
    const { headOf, inner, tail } = this.form;
    const head = headOf(item);
    const known = this.#groups.get(head);
    const group = known ?? inner();
    const frame = known === undefined ? Buffer.byteLength(head) + tail.length + (this.#groups.size === 0 ? 0 : 1) : 0;
    const growth = group.grow(item);
    const bytes = frame + growth.bytes;
    const take = () => {
      growth.take();
      this.#groups.set(head, group);
      this.bytes += bytes;
    };
    return { bytes, take };
  }

  text(): string {
    return [...this.#groups].map(([head, group]) => `${head}${group.text()}${this.form.tail}`).join(',');
  }
}

/** What stands between brackets or quotes, which are there as soon as it has begun. */
export class Enclosed<T> implements GrowingText<T> {
  constructor(
    private readonly open: string,
    private readonly inner: GrowingText<T>,
    private readonly close: string,
  ) {}

  get bytes(): number {
    return this.open.length + this.inner.bytes + this.close.length;
  }

  grow(item: T): Growth {
    return this.inner.grow(item);
  }

  text(): string {
    return `${this.open}${this.inner.text()}${this.close}`;
  }
}
