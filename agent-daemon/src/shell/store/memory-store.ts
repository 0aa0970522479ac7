import type { Clock } from '@gatepost/shared/clock';
import { type Cursor, START } from '@gatepost/shared/ledger/topic-message';
import { sha256 as digest } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Blobs, SMALL_BYTES } from './blobs.js';
import type { AttemptRow, LeaseRows, PreparedRow } from './rows.js';
import type { Store } from './store.js';

/** How long a refused write keeps new work out. */
const UNHEALTHY_MS = 3_000;

/** All that a store holds; rows are never changed, only replaced. */
class Content {
  cursor: Cursor = START;
  leases: LeaseRows = [];
  readonly attempts = new Map<string, AttemptRow>();
  readonly prepared = new Map<string, PreparedRow>();
  readonly blobs = new Map<string, { readonly bytes: Uint8Array; readonly atMs: number }>();

  constructor(readonly id: string) {}
}

type Change = (content: Content) => void;

interface Waiting {
  readonly change: Change;
  readonly resolve: () => void;
}

export interface MemoryStoreParts {
  readonly clock: Clock;
  /** Identifies the content. */
  readonly id: string;
  /** How long the next commit takes, milliseconds; writes that come meanwhile share it. */
  readonly commitMs: () => number;
}

/**
 * A store in memory for tests and the simulation, with the promises of the real one: what was not committed when the
 * process crashes is lost, from some write on, and nobody was told that it was durable.
 */
export class MemoryStore implements Store {
  readonly blobs: Blobs;
  /** Whether the disk refuses writes. */
  full = false;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #waiting: Waiting[] = [];
  #dead = false;

  private constructor(
    private readonly parts: MemoryStoreParts,
    private readonly content: Content,
  ) {
    this.blobs = new MemoryBlobs(content.blobs, (change) => this.#write(change), parts.clock);
  }

  static open(parts: MemoryStoreParts): MemoryStore {
    return new MemoryStore(parts, new Content(parts.id));
  }

  /**
   * The process dies; answers nobody any more.
   * @param survive how many of so many writes that were not committed survive, the first ones.
   * @returns what the next process finds.
   */
  crash(survive: (uncommitted: number) => number = () => 0): MemoryStore {
    this.#dead = true;
    for (const { change } of this.#waiting.slice(0, survive(this.#waiting.length))) change(this.content);
    this.#waiting = [];
    return new MemoryStore(this.parts, this.content);
  }

  get healthy(): boolean {
    return this.parts.clock.nowMs() - this.#failedAtMs > UNHEALTHY_MS;
  }

  id(): string {
    return this.content.id;
  }

  attempt(key: string): AttemptRow | undefined {
    return this.content.attempts.get(key);
  }

  attempts(): Iterable<readonly [string, AttemptRow]> {
    return [...this.content.attempts];
  }

  putAttempt(key: string, row: AttemptRow): Promise<void> {
    return this.#write(({ attempts }) => attempts.set(key, row));
  }

  removeAttempt(key: string): Promise<void> {
    return this.#write(({ attempts }) => attempts.delete(key));
  }

  cursor(): Cursor {
    return this.content.cursor;
  }

  putCursor(cursor: Cursor): Promise<void> {
    return this.#write((content) => {
      content.cursor = cursor;
    });
  }

  prepared(): readonly PreparedRow[] {
    return [...this.content.prepared.values()];
  }

  putPrepared(row: PreparedRow): Promise<void> {
    return this.#write(({ prepared }) => prepared.set(row.id, row));
  }

  settlePrepared(id: string, results: readonly string[]): Promise<void> {
    return this.#write(({ attempts, prepared }) => {
      for (const key of results) {
        const row = attempts.get(key);
        if (row?.finished !== undefined) attempts.set(key, { ...row, finished: { ...row.finished, reported: true } });
      }
      prepared.delete(id);
    });
  }

  leases(): LeaseRows {
    return this.content.leases;
  }

  putLeases(rows: LeaseRows): Promise<void> {
    return this.#write((content) => {
      content.leases = rows;
    });
  }

  async close(): Promise<void> {
    this.#commit();
    this.#dead = true;
  }

  #write(change: Change): Promise<void> {
    if (this.#dead) return new Promise(() => undefined);
    const { clock, commitMs } = this.parts;
    if (this.full) {
      this.#failedAtMs = clock.nowMs();
      return Promise.reject(new GatepostError('STORE_FAILED', 'a write was refused: no space left'));
    }
    if (this.#waiting.length === 0) clock.at(clock.nowMs() + commitMs(), () => this.#commit());
    return new Promise((resolve) => this.#waiting.push({ change, resolve }));
  }

  #commit(): void {
    for (const { change, resolve } of this.#waiting.splice(0)) {
      change(this.content);
      resolve();
    }
  }
}

class MemoryBlobs implements Blobs {
  constructor(
    private readonly seen: Content['blobs'],
    private readonly write: (change: Change) => Promise<void>,
    private readonly clock: Clock,
  ) {}

  put(sha256: string, bytes: Uint8Array): Promise<void> {
    const atMs = this.clock.nowMs();
    return this.write(({ blobs }) => blobs.set(sha256, { bytes, atMs }));
  }

  async size(sha256: string): Promise<number | undefined> {
    return this.seen.get(sha256)?.bytes.length;
  }

  async intact(sha256: string): Promise<boolean> {
    const found = this.seen.get(sha256);
    return found !== undefined && digest(found.bytes) === sha256;
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    return this.seen.get(sha256)?.bytes;
  }

  getSmall(sha256: string): Uint8Array | undefined {
    const found = this.seen.get(sha256)?.bytes;
    return found !== undefined && found.length <= SMALL_BYTES ? found : undefined;
  }

  async *stream(sha256: string, from: number, pieceBytes: number): AsyncGenerator<Uint8Array> {
    const bytes = this.seen.get(sha256)?.bytes ?? new Uint8Array();
    for (let at = from; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }

  remove(sha256: string): Promise<void> {
    return this.write(({ blobs }) => blobs.delete(sha256));
  }

  async filesBefore(timeMs: number): Promise<readonly string[]> {
    const large = [...this.seen].filter(([, { bytes, atMs }]) => bytes.length > SMALL_BYTES && atMs < timeMs);
    return large.map(([sha256]) => sha256);
  }

  async sweep(): Promise<void> {}
}
