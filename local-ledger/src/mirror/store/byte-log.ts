/** Positions are counted in words of this many bytes, so that 32 bits address 16 GiB. */
const WORD = 4;

/** Bytes of one chunk; an entry never crosses a chunk boundary, hence also the largest entry. */
const CHUNK_BYTES = 1 << 20;

/**
 * An append-only list of byte strings held in large chunks outside of the JavaScript heap: the cost of an
 * entry is its own length, 4 bytes of length prefix and up to 3 bytes of padding.
 */
export class ByteLog {
  readonly #chunks: Buffer[] = [];
  #used = CHUNK_BYTES;

  /** Bytes reserved so far. */
  get allocatedBytes(): number {
    return this.#chunks.length * CHUNK_BYTES;
  }

  /**
   * Copies `bytes` to the end of the log and returns the position to read them back from.
   * Throws RangeError when the entry is larger than a chunk (1 MiB).
   */
  append(bytes: Uint8Array): number {
    const size = 4 + bytes.length;
    if (size > CHUNK_BYTES) throw new RangeError(`entry of ${bytes.length} bytes exceeds the chunk of ${CHUNK_BYTES}`);
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#used + size > CHUNK_BYTES) {
      chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    const start = this.#used;
    chunk.writeUInt32LE(bytes.length, start);
    chunk.set(bytes, start + 4);
    this.#used = Math.ceil((start + size) / WORD) * WORD;
    return ((this.#chunks.length - 1) * CHUNK_BYTES + start) / WORD;
  }

  /** A view, not a copy, of the entry at `position`; it must not be written to. */
  read(position: number): Buffer {
    const offset = position * WORD;
    const chunk = this.#chunks[Math.floor(offset / CHUNK_BYTES)];
    if (chunk === undefined) throw new RangeError(`no entry at position ${position}`);
    const start = offset % CHUNK_BYTES;
    return chunk.subarray(start + 4, start + 4 + chunk.readUInt32LE(start));
  }
}
