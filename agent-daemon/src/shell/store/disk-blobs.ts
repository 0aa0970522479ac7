import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Blobs, SMALL_BYTES } from './blobs.js';

/** The part of the database the blobs use. */
export interface SmallBlobs {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): Promise<boolean>;
  remove(key: string): Promise<boolean>;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Small bytes in the database beside the rows, larger ones in files. What is read is checked against its name. */
export class DiskBlobs implements Blobs {
  constructor(
    private readonly directory: string,
    private readonly small: SmallBlobs,
    /** Hears of refused writes. */
    private readonly onFailure: () => void,
  ) {}

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    try {
      if (bytes.length <= SMALL_BYTES) await this.small.put(sha256, bytes);
      else await this.#putFile(sha256, bytes);
    } catch (error) {
      this.onFailure();
      throw new GatepostError('STORE_FAILED', `a write was refused: ${(error as Error).message}`, { sha256 }, error);
    }
  }

  async #putFile(sha256: string, bytes: Uint8Array): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const partial = `${this.#path(sha256)}.${randomUUID()}.partial`;
    const file = await open(partial, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, this.#path(sha256));
  }

  async size(sha256: string): Promise<number | undefined> {
    const small = this.small.get(sha256);
    if (small !== undefined) return small.length;
    return stat(this.#path(sha256)).then(
      (found) => found.size,
      () => undefined,
    );
  }

  /** Reads the bytes once, in pieces. */
  async intact(sha256: string): Promise<boolean> {
    const small = this.small.get(sha256);
    if (small !== undefined) return digest(small) === sha256;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(this.#path(sha256))) hash.update(piece as Buffer);
    return hash.digest('hex') === sha256;
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const bytes = this.small.get(sha256) ?? (await readFile(this.#path(sha256)).catch(() => undefined));
    if (bytes !== undefined && digest(bytes) !== sha256) {
      throw new GatepostError('OUTPUT_CORRUPT', `the stored bytes of ${sha256} were changed on disk`, { sha256 });
    }
    return bytes;
  }

  getSmall(sha256: string): Uint8Array | undefined {
    return this.small.get(sha256);
  }

  stream(sha256: string, from: number, pieceBytes: number): ReadStream {
    return createReadStream(this.#path(sha256), { start: from, highWaterMark: pieceBytes });
  }

  async remove(sha256: string): Promise<void> {
    await this.small.remove(sha256);
    await rm(this.#path(sha256), { force: true });
  }

  async filesBefore(timeMs: number): Promise<readonly string[]> {
    const names = (await readdir(this.directory).catch(() => [])).filter((name) => !name.endsWith('.partial'));
    const found: string[] = [];
    for (const name of names) {
      const written = await stat(join(this.directory, name)).catch(() => undefined);
      if (written !== undefined && written.mtimeMs < timeMs) found.push(name);
    }
    return found;
  }

  async sweep(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    for (const name of names) if (name.endsWith('.partial')) await rm(join(this.directory, name), { force: true });
  }

  #path(sha256: string): string {
    return join(this.directory, sha256);
  }
}
