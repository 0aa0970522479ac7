/** Slots stay at most this full, so that probe sequences stay short. */
const MAX_LOAD = 0.7;

/**
 * Finds record numbers by a 32-bit hash of their key: open addressing over two typed arrays, about 12 to
 * 24 bytes a record. Different keys may share a hash, so a caller checks each candidate.
 */
export class HashIndex {
  /** Record number plus one; 0 marks a free slot. */
  #slots = new Uint32Array(64);
  #hashes = new Uint32Array(64);
  #size = 0;

  /** Adds record `number` under `hash` (an unsigned 32-bit integer). */
  add(hash: number, number: number): void {
    if (this.#size + 1 > this.#slots.length * MAX_LOAD) this.#grow();
    this.#insert(hash, number + 1);
    this.#size++;
  }

  /** Numbers of all records added under `hash`, in no particular order. */
  candidates(hash: number): number[] {
    const mask = this.#slots.length - 1;
    const found: number[] = [];
    for (let slot = scatter(hash) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return found;
      if (this.#hashes[slot] === hash) found.push(entry - 1);
    }
  }

  #insert(hash: number, entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = scatter(hash) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    this.#slots = new Uint32Array(slots.length * 2);
    this.#hashes = new Uint32Array(slots.length * 2);
    for (let slot = 0; slot < slots.length; slot++) {
      const entry = slots[slot] ?? 0;
      if (entry !== 0) this.#insert(hashes[slot] ?? 0, entry);
    }
  }
}

/** Spreads hashes that differ in few bits over all slots. */
function scatter(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
