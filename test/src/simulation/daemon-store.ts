import type { Assignment } from '@gatepost/agent-daemon/core/assignment';
import type { Ending } from '@gatepost/agent-daemon/core/attempt';
import type { LeaseRows, PreparedRow } from '@gatepost/agent-daemon/shell/store/rows';
import type { Clock } from '@gatepost/shared/clock';
import { type Cursor, START } from '@gatepost/shared/ledger/topic-message';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Disk } from './disk.js';

/** An attempt as it is kept. */
export interface AttemptRow {
  readonly assignment: Assignment;
  readonly starts: number;
  readonly input?: string;
  readonly finished?: { readonly ending: Ending; readonly output: string | undefined; readonly reported: boolean };
}

/** What a daemon keeps on its disk, with a view of it in memory. Writes throw STORE_FAILED while the disk is full. */
export class DaemonStore {
  readonly rows = new Map<string, AttemptRow>();
  readonly #prepared = new Map<string, PreparedRow>();
  #leases: LeaseRows = [];
  cursor: Cursor = START;

  constructor(
    readonly disk: Disk,
    readonly clock: Clock,
  ) {
    for (const [key, text] of disk.entries('attempt/')) this.rows.set(key, JSON.parse(text) as AttemptRow);
    for (const [key, text] of disk.entries('prepared/')) {
      const { bytes, ...row } = JSON.parse(text) as Omit<PreparedRow, 'bytes'> & { readonly bytes: string };
      this.#prepared.set(key, { ...row, bytes: Buffer.from(bytes, 'base64') });
    }
    for (const [, text] of disk.entries('leases')) this.#leases = JSON.parse(text) as LeaseRows;
    for (const [, text] of disk.entries('cursor')) {
      const { sequenceNumber, consensusTimestamp } = JSON.parse(text) as Record<string, string>;
      this.cursor = { sequenceNumber: Number(sequenceNumber), consensusTimestamp: BigInt(consensusTimestamp ?? 0) };
    }
  }

  prepared(): readonly PreparedRow[] {
    return [...this.#prepared.values()];
  }

  output(digest: Sha256): string | undefined {
    for (const { finished } of this.rows.values()) {
      if (finished?.ending.output?.sha256 === digest) return finished.output;
    }
    return undefined;
  }

  async putRow(key: string, row: AttemptRow): Promise<void> {
    this.rows.set(key, row);
    return this.#write([{ key: `attempt/${key}`, value: JSON.stringify(row) }]);
  }

  async putCursor(cursor: Cursor): Promise<void> {
    this.cursor = cursor;
    const { sequenceNumber, consensusTimestamp } = cursor;
    const value = JSON.stringify({ sequenceNumber: `${sequenceNumber}`, consensusTimestamp: `${consensusTimestamp}` });
    return this.#write([{ key: 'cursor', value }]);
  }

  leases(): LeaseRows {
    return this.#leases;
  }

  putLeases(rows: LeaseRows): Promise<void> {
    this.#leases = rows;
    return this.#write([{ key: 'leases', value: JSON.stringify(rows) }]);
  }

  async putPrepared(row: PreparedRow): Promise<void> {
    const bytes = Buffer.from(row.bytes).toString('base64');
    await this.#write([{ key: `prepared/${row.id}`, value: JSON.stringify({ ...row, bytes }) }]);
    this.#prepared.set(row.id, row);
  }

  /** The outcome is known: the message goes, its results are marked as reported. */
  async settlePrepared(id: string, reported: readonly string[]): Promise<void> {
    const writes: { key: string; value: string | undefined }[] = [{ key: `prepared/${id}`, value: undefined }];
    for (const key of reported) {
      const row = this.rows.get(key);
      if (row?.finished === undefined) continue;
      const told = { ...row, finished: { ...row.finished, reported: true } };
      this.rows.set(key, told);
      writes.push({ key: `attempt/${key}`, value: JSON.stringify(told) });
    }
    await this.#write(writes);
    this.#prepared.delete(id);
  }

  #write(writes: readonly { readonly key: string; readonly value: string | undefined }[]): Promise<void> {
    return this.disk.write(writes, this.clock);
  }
}
