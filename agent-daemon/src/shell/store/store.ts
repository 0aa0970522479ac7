import type { Cursor } from '@gatepost/shared/ledger/topic-message';
import type { Blobs } from './blobs.js';
import type { AttemptRow, LeaseRows, PreparedRow } from './rows.js';

/**
 * The daemon's durable state. A promise of a write resolves when it is durable; it may be read back a little
 * earlier, but not at once. Later writes are never durable before earlier ones. A refused write rejects with STORE_FAILED.
 */
export interface Store {
  readonly blobs: Blobs;
  /** False for a while after a write was refused. */
  readonly healthy: boolean;
  /** Identifies this state for as long as it lives. */
  id(): string;
  attempt(key: string): AttemptRow | undefined;
  /** Every attempt; ends early without harm when the caller stops. */
  attempts(): Iterable<readonly [string, AttemptRow]>;
  putAttempt(key: string, row: AttemptRow): Promise<void>;
  removeAttempt(key: string): Promise<void>;
  /** How far the inbox was read. */
  cursor(): Cursor;
  putCursor(cursor: Cursor): Promise<void>;
  /** Signed messages of which it is not known what became of them. */
  prepared(): readonly PreparedRow[];
  putPrepared(row: PreparedRow): Promise<void>;
  /** Forgets a signed message; `results` are the attempts whose result it brought to the journal. */
  settlePrepared(id: string, results: readonly string[]): Promise<void>;
  leases(): LeaseRows;
  putLeases(rows: LeaseRows): Promise<void>;
  /** Resolves when everything written so far is durable; nothing is read or written afterwards. */
  close(): Promise<void>;
}
