import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { decodeEntry, encodeEntry, type LogEntry } from './codec.js';
import { frame, readFrame } from './frame.js';
import type { InputLog, LoggedInput } from './input-log.js';

/** Bytes read at a time. */
const READ_BYTES = 4_194_304;

/**
 * Reads a log from its beginning; `visit` gets each whole entry. Stops at the first frame that is torn or broken and
 * returns the offset there: what lies behind was never acknowledged.
 */
export function readLog(path: string, visit: (entry: LogEntry) => void): number {
  const file = openSync(path, 'r');
  try {
    let kept = Buffer.alloc(0);
    let good = 0;
    for (;;) {
      const chunk = Buffer.alloc(READ_BYTES);
      const count = readSync(file, chunk, 0, READ_BYTES, good + kept.length);
      const bytes = Buffer.concat([kept, chunk.subarray(0, count)]);
      const used = visitFrames(bytes, visit);
      good += used.end;
      if (used.isBroken || count === 0) {
        return good;
      }
      kept = bytes.subarray(used.end);
    }
  } finally {
    closeSync(file);
  }
}

function visitFrames(bytes: Buffer, visit: (entry: LogEntry) => void): { end: number; isBroken: boolean } {
  let end = 0;
  for (;;) {
    const result = readFrame(bytes, end);
    if (result === 'incomplete' || result === 'broken') {
      return { end, isBroken: result === 'broken' };
    }
    visit(decodeEntry(result.payload));
    end = result.end;
  }
}

/** An append-only log. Entries that arrive while the disk is busy are written and flushed together. */
export class LogFile implements InputLog {
  readonly #file: FileHandle;
  #position: number;
  #waiting: Buffer[] = [];
  #flushed: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Opens the file for appending at `end`, cutting off what lies behind. Creates it when there is none. */
  static async open(path: string, end: number): Promise<LogFile> {
    const file = await open(path, end === 0 ? 'w' : 'r+');
    await file.truncate(end);
    await file.datasync();
    return new LogFile(file, end);
  }

  append(input: LoggedInput): Promise<void> {
    return this.write(input);
  }

  /** Appends any entry; resolves when it is on the disk. */
  write(entry: LogEntry): Promise<void> {
    this.#waiting.push(frame(encodeEntry(entry)));
    if (this.#next === undefined) {
      const before = this.#flushed;
      this.#next = (async () => {
        await before;
        await this.#flush();
      })();
      this.#flushed = this.#next;
    }
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#flushed;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#next = undefined;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#position);
      done += bytesWritten;
      this.#position += bytesWritten;
    }
    await this.#file.datasync();
  }
}
