/** Writes values one after the other into a reused buffer; the counterpart of ByteReader. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafeSlow(4096);
  #length = 0;

  /** Forgets what was written, keeping the memory. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /** What was written since the last reset: a view that the next reset invalidates. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16LE(value, at);
    return this;
  }

  i64(value: bigint): this {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64LE(value, at);
    return this;
  }

  /** A non-negative safe integer in 1 to 8 bytes, seven bits each. */
  uint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  /** Bytes with their length in front. */
  bytes(value: Uint8Array): this {
    return this.uint(value.length).raw(value);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  /** UTF-8 text with its length in front. */
  text(value: string): this {
    return value === '' ? this.u8(0) : this.bytes(Buffer.from(value, 'utf8'));
  }

  #reserve(size: number): number {
    const at = this.#length;
    if (at + size > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, at + size));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = at + size;
    return at;
  }
}
