/** Size of one block, in bytes: small against the total, large against one entry. */
const BLOCK_BYTES = 262_144;

/** A place in a block. */
export interface Piece {
  readonly block: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Packs many small byte strings into few large blocks: a typed array of its own costs more than a record's bytes. A
 * block is freed when no piece of it is held any more.
 */
export class Slab {
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  /** A copy of the bytes. */
  keep(bytes: Uint8Array): Piece {
    if (this.#used + bytes.length > this.#block.length) {
      this.#block = new Uint8Array(Math.max(BLOCK_BYTES, bytes.length));
      this.#used = 0;
    }
    const start = this.#used;
    this.#block.set(bytes, start);
    this.#used += bytes.length;
    return { block: this.#block, start, end: this.#used };
  }
}

/** The bytes of a piece. */
export function bytesOf({ block, start, end }: Piece): Uint8Array {
  return block.subarray(start, end);
}
