/** Reads back what a ByteWriter wrote, in the same order. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#at++);
  }

  u16(): number {
    this.#at += 2;
    return this.#buffer.readUInt16LE(this.#at - 2);
  }

  i64(): bigint {
    this.#at += 8;
    return this.#buffer.readBigInt64LE(this.#at - 8);
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  /** A view of bytes that carry their length in front. */
  bytes(): Buffer {
    return this.raw(this.uint());
  }

  /** A view of the next `length` bytes. */
  raw(length: number): Buffer {
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  /** A view of all that is left. */
  rest(): Buffer {
    return this.raw(this.#buffer.length - this.#at);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}
