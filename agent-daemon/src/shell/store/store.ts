import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Cursor, START } from '@gatepost/shared/hedera/topic-feed';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Database, open, type RootDatabase } from 'lmdb';
import { Blobs } from './blobs.js';
import { checkDatabaseFile } from './check-file.js';
import type { AttemptRow, PreparedRow } from './rows.js';

interface CursorRow {
  readonly sequenceNumber: number;
  readonly consensusTimestamp: string;
}

/** How long a refused write keeps new work out. */
const UNHEALTHY_MS = 3_000;

/** Schedules of leases that may still be pending, of this process and of earlier ones. */
export type LeaseRows = readonly { readonly session: string; readonly number: number; readonly schedule: string }[];

/**
 * The daemon's durable state, crash-safe (lmdb). A promise of a write resolves when it is committed and flushed;
 * writes of one turn share a commit, and later writes are never durable before earlier ones.
 */
export class Store {
  readonly blobs: Blobs;
  readonly #root: RootDatabase;
  readonly #attempts: Database<AttemptRow, string>;
  readonly #prepared: Database<PreparedRow, string>;
  readonly #meta: Database<unknown, string>;
  #failedAtMs = 0;

  private constructor(root: RootDatabase, directory: string) {
    this.#root = root;
    this.#attempts = root.openDB<AttemptRow, string>({ name: 'attempts' });
    this.#prepared = root.openDB<PreparedRow, string>({ name: 'prepared' });
    this.#meta = root.openDB<unknown, string>({ name: 'meta' });
    this.blobs = new Blobs(join(directory, 'blobs'), root.openDB({ name: 'blobs', encoding: 'binary' }), () =>
      this.#failed(),
    );
  }

  /** @throws GatepostError STORE_FAILED when the directory cannot be used or its content cannot be read. */
  static open(directory: string): Store {
    checkDatabaseFile(join(directory, 'store', 'data.mdb'));
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return new Store(open({ path: join(directory, 'store'), maxDbs: 8, overlappingSync: false }), directory);
    } catch (error) {
      throw new GatepostError(
        'STORE_FAILED',
        `cannot open the store in ${directory}: ${(error as Error).message}`,
        { directory },
        error,
      );
    }
  }

  /** False for a while after a write was refused. */
  get healthy(): boolean {
    return Date.now() - this.#failedAtMs > UNHEALTHY_MS;
  }

  /** Identifies this data directory, for as long as it lives. */
  id(): string {
    const known = this.#meta.get('id') as string | undefined;
    if (known !== undefined) return known;
    const made = randomUUID();
    this.#meta.putSync('id', made);
    return made;
  }

  attempt(key: string): AttemptRow | undefined {
    return this.#attempts.get(key);
  }

  /** Every attempt; ends early without harm when the caller stops. */
  *attempts(): Generator<readonly [string, AttemptRow]> {
    for (const { key, value } of this.#attempts.getRange({ snapshot: false })) yield [key, value];
  }

  putAttempt(key: string, row: AttemptRow): Promise<void> {
    return this.#durable(this.#attempts.put(key, row));
  }

  removeAttempt(key: string): Promise<void> {
    return this.#durable(this.#attempts.remove(key));
  }

  /** How far the inbox was read. */
  cursor(): Cursor {
    const row = this.#meta.get('cursor') as CursorRow | undefined;
    if (row === undefined) return START;
    return { sequenceNumber: row.sequenceNumber, consensusTimestamp: BigInt(row.consensusTimestamp) };
  }

  putCursor({ sequenceNumber, consensusTimestamp }: Cursor): Promise<void> {
    const row: CursorRow = { sequenceNumber, consensusTimestamp: consensusTimestamp.toString() };
    return this.#durable(this.#meta.put('cursor', row));
  }

  prepared(): readonly PreparedRow[] {
    return [...this.#prepared.getRange({})].map(({ value }) => value);
  }

  putPrepared(row: PreparedRow): Promise<void> {
    return this.#durable(this.#prepared.put(row.id, row));
  }

  /** A prepared message has arrived: its results are reported. */
  async settlePrepared(id: string, results: readonly string[]): Promise<void> {
    const writes = results.map((key) => {
      const row = this.attempt(key);
      if (row?.finished === undefined) return undefined;
      return this.putAttempt(key, { ...row, finished: { ...row.finished, reported: true } });
    });
    await Promise.all([...writes, this.#durable(this.#prepared.remove(id))]);
  }

  leases(): LeaseRows {
    return (this.#meta.get('leases') as LeaseRows | undefined) ?? [];
  }

  putLeases(rows: LeaseRows): Promise<void> {
    return this.#durable(this.#meta.put('leases', rows));
  }

  /** Resolves when everything written so far is on disk. */
  async close(): Promise<void> {
    await this.#root.flushed;
    await this.#root.close();
  }

  #failed(): void {
    this.#failedAtMs = Date.now();
  }

  async #durable(write: Promise<boolean>): Promise<void> {
    try {
      await write;
    } catch (error) {
      this.#failed();
      throw new GatepostError('STORE_FAILED', `a write was refused: ${(error as Error).message}`, {}, error);
    }
  }
}
