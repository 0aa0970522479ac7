import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isAlive } from './process-identity.js';

/** The file that names the process a directory belongs to. */
export const LOCK_FILE = 'lock';

/** A directory that was taken, or the process that has it. */
export type Lock = { readonly release: () => void } | { readonly heldBy: number };

function holderOf(file: string): number | undefined {
  const text = readFileSync(file, 'utf8');
  const pid = Number(text.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return text === identityOf(pid) ? pid : undefined;
}

/** Takes a directory for this process, and makes it if need be. What a dead process left is taken over. */
export function lockDirectory(directory: string): Lock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, LOCK_FILE);
  const take = () => writeFileSync(file, identityOf(process.pid), { flag: 'wx' });
  try {
    take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const heldBy = holderOf(file);
    if (heldBy !== undefined) return { heldBy };
    rmSync(file, { force: true });
    take();
  }
  return { release: () => rmSync(file, { force: true }) };
}
