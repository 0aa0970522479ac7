import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { lockDirectory } from '@gatepost/shared/directory-lock';
import { type Cursor, START } from '@gatepost/shared/ledger/topic-message';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Database, open, type RootDatabase } from 'lmdb';
import { checkStore } from './check-store.js';
import { DiskBlobs } from './disk-blobs.js';
import type { AttemptRow, LeaseRows, PreparedRow } from './rows.js';
import type { Store } from './store.js';

interface CursorRow {
  readonly sequenceNumber: number;
  readonly consensusTimestamp: string;
}

/** As maps: a record would bring its own list of keys into each row, which takes longer to make than to write the keys. */
const ATTEMPTS = { name: 'attempts', encoder: { useRecords: false } };

/** How long a refused write keeps new work out. */
const UNHEALTHY_MS = 3_000;

/** Two daemons on one directory would both do what the inbox says. */
function takeDirectory(directory: string): { readonly release: () => void } {
  const lock = lockDirectory(directory);
  if ('release' in lock) return lock;
  throw new GatepostError('STORE_FAILED', `${directory} is in use by process ${lock.heldBy}`, { directory });
}

/** The store on a disk, crash-safe (lmdb); writes of one turn share a commit. */
export class LmdbStore implements Store {
  readonly blobs: DiskBlobs;
  readonly #root: RootDatabase;
  readonly #attempts: Database<AttemptRow, string>;
  /** Attempts whose result was brought to the journal: noted beside the row, which need not be read and written again for it. */
  readonly #reported: Database<true, string>;
  readonly #prepared: Database<PreparedRow, string>;
  readonly #meta: Database<unknown, string>;
  #failedAtMs = 0;

  private constructor(
    root: RootDatabase,
    directory: string,
    private readonly release: () => void,
  ) {
    this.#root = root;
    this.#attempts = root.openDB<AttemptRow, string>(ATTEMPTS);
    this.#reported = root.openDB<true, string>({ name: 'reported' });
    this.#prepared = root.openDB<PreparedRow, string>({ name: 'prepared' });
    this.#meta = root.openDB<unknown, string>({ name: 'meta' });
    this.blobs = new DiskBlobs(join(directory, 'blobs'), root.openDB({ name: 'blobs', encoding: 'binary' }), () =>
      this.#failed(),
    );
  }

  /** @throws GatepostError STORE_FAILED when another process has the directory or its content cannot be read. */
  static open(directory: string): LmdbStore {
    const path = join(directory, 'store');
    const lock = takeDirectory(directory);
    try {
      checkStore(path);
      return new LmdbStore(open({ path, maxDbs: 8, overlappingSync: false }), directory, lock.release);
    } catch (error) {
      lock.release();
      if (error instanceof GatepostError) throw error;
      throw new GatepostError(
        'STORE_FAILED',
        `cannot open the store in ${directory}: ${(error as Error).message}`,
        { directory },
        error,
      );
    }
  }

  get healthy(): boolean {
    return Date.now() - this.#failedAtMs > UNHEALTHY_MS;
  }

  id(): string {
    const known = this.#meta.get('id') as string | undefined;
    if (known !== undefined) return known;
    const made = randomUUID();
    this.#meta.putSync('id', made);
    return made;
  }

  attempt(key: string): AttemptRow | undefined {
    const row = this.#attempts.get(key);
    return row && this.#asReported(key, row);
  }

  *attempts(): Generator<readonly [string, AttemptRow]> {
    for (const { key, value } of this.#attempts.getRange({ snapshot: false }))
      yield [key, this.#asReported(key, value)];
  }

  #asReported(key: string, row: AttemptRow): AttemptRow {
    const { finished } = row;
    if (finished === undefined || finished.reported || !this.#reported.doesExist(key)) return row;
    return { ...row, finished: { ...finished, reported: true } };
  }

  putAttempt(key: string, row: AttemptRow): Promise<void> {
    return this.#durable(() => this.#attempts.put(key, row));
  }

  async removeAttempt(key: string): Promise<void> {
    await Promise.all([
      this.#durable(() => this.#attempts.remove(key)),
      this.#durable(() => this.#reported.remove(key)),
    ]);
  }

  cursor(): Cursor {
    const row = this.#meta.get('cursor') as CursorRow | undefined;
    if (row === undefined) return START;
    return { sequenceNumber: row.sequenceNumber, consensusTimestamp: BigInt(row.consensusTimestamp) };
  }

  putCursor({ sequenceNumber, consensusTimestamp }: Cursor): Promise<void> {
    const row: CursorRow = { sequenceNumber, consensusTimestamp: consensusTimestamp.toString() };
    return this.#durable(() => this.#meta.put('cursor', row));
  }

  prepared(): readonly PreparedRow[] {
    return [...this.#prepared.getRange({})].map(({ value }) => value);
  }

  putPrepared(row: PreparedRow): Promise<void> {
    return this.#durable(() => this.#prepared.put(row.id, row));
  }

  async settlePrepared(id: string, results: readonly string[]): Promise<void> {
    const writes = results.map((key) => this.#durable(() => this.#reported.put(key, true)));
    await Promise.all([...writes, this.#durable(() => this.#prepared.remove(id))]);
  }

  leases(): LeaseRows {
    return (this.#meta.get('leases') as LeaseRows | undefined) ?? [];
  }

  putLeases(rows: LeaseRows): Promise<void> {
    return this.#durable(() => this.#meta.put('leases', rows));
  }

  async close(): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
    this.release();
  }

  #failed(): void {
    this.#failedAtMs = Date.now();
  }

  async #durable(write: () => Promise<boolean>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#failed();
      throw new GatepostError('STORE_FAILED', `a write was refused: ${(error as Error).message}`, {}, error);
    }
  }
}
