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
  #last: T | undefined;
  bytes = 0;

  /** @param textOf is given the item before it too. */
  constructor(private readonly textOf: (item: T, before: T | undefined) => string) {}

  grow(item: T): Growth {
    const text = this.textOf(item, this.#last);
    const bytes = Buffer.byteLength(text) + (this.#texts.length === 0 ? 0 : 1);
    const take = () => {
      this.#texts.push(text);
      this.#last = item;
      this.bytes += bytes;
    };
    return { bytes, take };
  }

  text(): string {
    return this.#texts.join(',');
  }
}

/** How items with something in common share a text: what stands before them and after them, and so what they have in common. */
export interface GroupForm<T> {
  readonly frameOf: (item: T) => Frame;
  readonly inner: () => GrowingText<T>;
}
type Frame = readonly [head: string, tail: string];

/** What a message has of a group so far. */
interface Group<T> {
  readonly frame: Frame;
  readonly inner: GrowingText<T>;
}

/** Groups of items with one frame, in the order in which each first came, parted by commas. */
export class Groups<T> implements GrowingText<T> {
  readonly #groups = new Map<string, Group<T>>();
  bytes = 0;

  constructor(private readonly form: GroupForm<T>) {}

  grow(item: T): Growth {
    const frame = this.form.frameOf(item);
    const key = frame.join('');
    const known = this.#groups.get(key);
    const group = known ?? { frame, inner: this.form.inner() };
    const framed = known === undefined ? Buffer.byteLength(key) + (this.#groups.size === 0 ? 0 : 1) : 0;
    const growth = group.inner.grow(item);
    const bytes = framed + growth.bytes;
    const take = () => {
      growth.take();
      this.#groups.set(key, group);
      this.bytes += bytes;
    };
    return { bytes, take };
  }

  text(): string {
    return [...this.#groups.values()]
      .map(({ frame: [head, tail], inner }) => `${head}${inner.text()}${tail}`)
      .join(',');
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
