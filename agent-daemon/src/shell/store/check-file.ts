import { closeSync, openSync, readSync } from 'node:fs';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/** Where LMDB's magic number stands in its first meta page, and the number. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;

/**
 * Looks at the database file before the database does, which would take a foreign or overwritten one down with the
 * whole process. A file that does not exist yet is fine.
 * @throws GatepostError STORE_FAILED
 */
export function checkDatabaseFile(file: string): void {
  const head = Buffer.alloc(MAGIC_OFFSET + 4);
  try {
    const descriptor = openSync(file, 'r');
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new GatepostError('STORE_FAILED', `cannot read ${file}: ${(error as Error).message}`, { file }, error);
  }
  if (head.readUInt32LE(MAGIC_OFFSET) === MAGIC) return;
  throw new GatepostError(
    'STORE_FAILED',
    `${file} is damaged; move the data directory away, and the daemon takes up from the ledger what it has not reported`,
    { file },
  );
}
