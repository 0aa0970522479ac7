import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

function holder(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    // No such file, or no such process: nobody holds it.
    return undefined;
  }
}

/**
 * Empties a directory for this process alone.
 * @throws GatepostError USAGE when another process that still runs has it.
 */
export function claimDirectory(directory: string): void {
  const file = join(directory, 'pid');
  const pid = holder(file);
  if (pid !== undefined && pid !== process.pid) {
    throw new GatepostError(
      'USAGE',
      `${directory} is in use by process ${pid}; wait for it, or name another with --directory`,
    );
  }
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, String(process.pid));
}
