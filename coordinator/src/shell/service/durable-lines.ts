import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

const NEWLINE = 0x0a;

/** A line that waits to be written. */
interface Waiting {
  readonly line: string;
  readonly done: (error?: GatepostError) => void;
}

/** Makes a directory's entries outlast a loss of power. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

const failed = (path: string, error: unknown): GatepostError =>
  new GatepostError('STORE_FAILED', `cannot write ${path}: ${(error as Error).message}`, { path }, error);

/**
 * An append-only file of lines, each on the disk before it is acknowledged; what comes together is written together. A
 * line that a crash left without its end was never acknowledged, and is cut off.
 */
export class DurableLines {
  #waiting: Waiting[] = [];
  #underWay: Promise<void> | undefined;
  #failure: GatepostError | undefined;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private length: number,
  ) {}

  /** Opens the file, makes it if need be, and gives its lines. @throws GatepostError STORE_FAILED */
  static async open(path: string): Promise<{ readonly file: DurableLines; readonly lines: readonly string[] }> {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const handle = await open(path, 'a', 0o600);
      const content = readFileSync(path);
      const whole = content.subarray(0, content.lastIndexOf(NEWLINE) + 1);
      if (whole.length < content.length) ftruncateSync(handle.fd, whole.length);
      await handle.sync();
      syncDirectory(dirname(path));
      const lines = whole.toString('utf8').split('\n').slice(0, -1);
      return { file: new DurableLines(path, handle, whole.length), lines };
    } catch (error) {
      throw failed(path, error);
    }
  }

  /** Resolves when the line is on the disk. @throws GatepostError STORE_FAILED when it is not there. */
  append(line: string): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
    this.#underWay ??= this.#drain();
    return written;
  }

  async #drain(): Promise<void> {
    // Everything of this turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const error = await this.#write(Buffer.from(batch.map(({ line }) => `${line}\n`).join(''), 'utf8'));
      for (const { done } of batch) done(error);
    }
    this.#underWay = undefined;
  }

  async #write(bytes: Buffer): Promise<GatepostError | undefined> {
    if (this.#failure !== undefined) return this.#failure;
    try {
      await this.handle.appendFile(bytes);
    } catch (error) {
      return this.#takeBack(failed(this.path, error));
    }
    try {
      await this.handle.datasync();
      this.length += bytes.length;
      return undefined;
    } catch (error) {
      // What a failed sync has left on the disk is unknown, and asking again would not tell.
      this.#failure = failed(this.path, error);
      return this.#failure;
    }
  }

  /** A full disk may have taken half a line: it goes, so that the next one stands by itself. */
  async #takeBack(why: GatepostError): Promise<GatepostError> {
    try {
      await this.handle.truncate(this.length);
    } catch {
      this.#failure = why;
    }
    return why;
  }

  /** Waits for what is under way and closes the file. */
  async close(): Promise<void> {
    await this.#underWay;
    await this.handle.close();
  }
}
