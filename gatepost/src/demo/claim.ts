import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LOCK_DIRECTORY, lockDirectory } from '@gatepost/shared/directory-lock';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/**
 * Empties a directory for this process alone, until it ends.
 * @throws GatepostError USAGE when another process that still runs has it.
 */
export function claimDirectory(directory: string): void {
  // The lock would make it, and what is above it, for this user alone; a root daemon's commands run as another.
  mkdirSync(directory, { recursive: true });
  const lock = lockDirectory(directory);
  if ('heldBy' in lock) {
    throw new GatepostError(
      'USAGE',
      `${directory} is in use by process ${lock.heldBy}; wait for it, or name another with --directory`,
    );
  }
  for (const name of readdirSync(directory)) {
    if (name !== LOCK_DIRECTORY) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
