/** Rows that are made room for at a time. */
const ROWS_PER_CHUNK = 4_096;

/** Rows of so many bytes each, in large pieces; what is added to them costs nothing but its bytes. */
export class PackedRows {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(private readonly rowBytes: number) {}

  /** Makes so many rows of zeros, and says the number of the first, from 0. */
  add(count: number): number {
    this.#size += count;
    while (this.#size > this.#chunks.length * ROWS_PER_CHUNK) {
      this.#chunks.push(Buffer.alloc(ROWS_PER_CHUNK * this.rowBytes));
    }
    return this.#size - count;
  }

  /** The bytes of a row, to be read and written. */
  at(row: number): Buffer {
    const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)];
    if (row >= this.#size || chunk === undefined) throw new RangeError(`there is no row ${row}`);
    const from = (row % ROWS_PER_CHUNK) * this.rowBytes;
    return chunk.subarray(from, from + this.rowBytes);
  }
}

/** Texts that come again and again, each held once and named by a number. */
export class PackedTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** Its number, from 1; 0 for none. */
  numberOf(text: string | undefined): number {
    if (text === undefined) return 0;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.push(text);
    this.#numbers.set(text, number);
    return number;
  }

  of(number: number): string | undefined {
    return this.#texts[number - 1];
  }
}
