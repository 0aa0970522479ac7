import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/** Plain JavaScript beside this file, so that it needs no loader whether we run from source or built. */
const CHECKER = fileURLToPath(new URL('../../../bin/check-store.mjs', import.meta.url));

/**
 * Reads the whole database in a process of its own before the daemon relies on it: a page that was overwritten takes the
 * process that reads it down, or hides a part of the entries. Nothing there yet is fine.
 * @throws GatepostError STORE_FAILED
 */
export function checkStore(path: string): void {
  const file = join(path, 'data.mdb');
  if (!existsSync(file)) return;
  const { status, signal, stderr } = spawnSync(process.execPath, [CHECKER, path], { encoding: 'utf8', env: {} });
  if (status === 0) return;
  const why =
    signal === null
      ? (/^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? `exit code ${status}`)
      : `reading it ends with ${signal}`;
  throw new GatepostError(
    'STORE_FAILED',
    `${file} is damaged (${why}); move the data directory away, and the daemon takes up from the ledger what it has not reported`,
    { file },
  );
}
