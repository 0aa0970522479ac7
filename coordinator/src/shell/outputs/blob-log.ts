import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';

/** Before the bytes of an entry: their SHA-256 and their length, 32 bits, most significant byte first. */
const DIGEST_BYTES = 32;
const HEADER_BYTES = 36;
/** Waiting bytes above which an entry waits for the next write. */
const MAX_WRITE_BYTES = 16_777_216;

/** Where the bytes of an entry lie in a file. */
interface Place {
  readonly offset: number;
  readonly length: number;
}

function headerOf(digest: Sha256, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(digest, 'hex');
  header.writeUInt32BE(length, DIGEST_BYTES);
  return header;
}

function readAt(file: number, { offset, length }: Place): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}

/**
 * An append-only file of bytes by their digest. What is put is had from memory until it is written, a batch at a time and
 * never while the caller waits. It is not forced to the disk.
 */
export class BlobLog {
  /** What is not written yet, in order. */
  #waiting = new Map<Sha256, Buffer>();
  #writing: ReadonlyMap<Sha256, Buffer> = new Map();
  readonly #places = new Map<Sha256, Place>();
  #handle: FileHandle | undefined;
  #length = 0;
  #underWay: Promise<void> | undefined;
  #failure: unknown;

  constructor(readonly path: string) {}

  get(digest: Sha256): Buffer | undefined {
    const held = this.#waiting.get(digest) ?? this.#writing.get(digest);
    if (held !== undefined) return held;
    const place = this.#places.get(digest);
    return place === undefined || this.#handle === undefined ? undefined : readAt(this.#handle.fd, place);
  }

  /** @throws Error of the file system that an earlier write ended with; nothing is written after it. */
  put(digest: Sha256, bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#places.has(digest) || this.#waiting.has(digest) || this.#writing.has(digest)) return;
    this.#waiting.set(digest, Buffer.from(bytes));
    this.#underWay ??= this.#drain();
  }

  async #drain(): Promise<void> {
    try {
      // Everything of this turn goes together.
      await Promise.resolve();
      while (this.#waiting.size > 0) await this.#write(this.#take());
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#underWay = undefined;
    }
  }

  /** The first of what waits, about as much as one write takes. */
  #take(): ReadonlyMap<Sha256, Buffer> {
    const taken = new Map<Sha256, Buffer>();
    let size = 0;
    for (const [digest, bytes] of this.#waiting) {
      if (taken.size > 0 && size + bytes.length > MAX_WRITE_BYTES) break;
      taken.set(digest, bytes);
      this.#waiting.delete(digest);
      size += bytes.length;
    }
    return taken;
  }

  async #write(batch: ReadonlyMap<Sha256, Buffer>): Promise<void> {
    this.#writing = batch;
    this.#handle ??= await open(this.path, 'ax+', 0o600);
    await this.#handle.appendFile(
      Buffer.concat([...batch].flatMap(([digest, bytes]) => [headerOf(digest, bytes.length), bytes])),
    );
    for (const [digest, { length }] of batch) {
      this.#places.set(digest, { offset: this.#length + HEADER_BYTES, length });
      this.#length += HEADER_BYTES + length;
    }
    this.#writing = new Map();
  }

  /** Waits for what is under way and closes the file. @throws Error of the file system, also of an earlier write. */
  async close(): Promise<void> {
    await this.#underWay;
    await this.#handle?.close();
    this.#handle = undefined;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Reads what another process wrote, or writes still; an entry that is not whole ends it. */
export class BlobLogReader {
  readonly #places = new Map<string, Place>();
  #read = 0;

  constructor(readonly path: string) {}

  /** Bytes under a digest that the caller has to compare; undefined also when the file cannot be read. */
  get(digest: Sha256): Buffer | undefined {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return undefined;
    }
    try {
      const place = this.#places.get(digest) ?? this.#readOn(file).get(digest);
      return place === undefined ? undefined : readAt(file, place);
    } finally {
      closeSync(file);
    }
  }

  /** Reads the headers of what came since. */
  #readOn(file: number): ReadonlyMap<string, Place> {
    const { size } = fstatSync(file);
    while (this.#read + HEADER_BYTES <= size) {
      const header = readAt(file, { offset: this.#read, length: HEADER_BYTES });
      const place = { offset: this.#read + HEADER_BYTES, length: header.readUInt32BE(DIGEST_BYTES) };
      if (place.offset + place.length > size) break;
      this.#places.set(header.toString('hex', 0, DIGEST_BYTES), place);
      this.#read = place.offset + place.length;
    }
    return this.#places;
  }
}
