/** Bytes up to this size are small: kept beside the rows, and had without waiting. */
export const SMALL_BYTES = 16_384;

/** Content-addressed bytes: inputs and outputs, named by their SHA-256 in lower-case hex. */
export interface Blobs {
  /** Stores bytes; resolves when they are durable. @throws GatepostError STORE_FAILED */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /** Whether the bytes are here, and how many; undefined when they are not. */
  size(sha256: string): Promise<number | undefined>;
  /** Whether the stored bytes still match their name. */
  intact(sha256: string): Promise<boolean>;
  /**
   * All bytes at once; undefined when they are not here.
   * @throws GatepostError OUTPUT_CORRUPT when they do not match their name.
   */
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** Small bytes without waiting; undefined when they are large or absent. */
  getSmall(sha256: string): Uint8Array | undefined;
  /** Bytes from a position on, in pieces; the caller compares the digest of the whole. */
  stream(sha256: string, from: number, pieceBytes: number): AsyncIterable<Uint8Array>;
  remove(sha256: string): Promise<void>;
  /** Names of the large blobs that were written before a time, milliseconds since the Unix epoch. */
  filesBefore(timeMs: number): Promise<readonly string[]>;
  /** Removes what a crash left half written. */
  sweep(): Promise<void>;
}
