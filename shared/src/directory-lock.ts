import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file that names the process a directory belongs to. */
export const LOCK_FILE = 'lock';

/** A directory that was taken, or the process that has it. */
export type Lock = { readonly release: () => void } | { readonly heldBy: number };

/** Where Linux says when a process started, in ticks since the boot. */
const START_TIME_FIELD = 19;

/** Tells a process from a later one with the same id; only the id where there is no /proc. */
function identityOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${pid} ${boot} ${fields[START_TIME_FIELD]}`;
  } catch {
    return String(pid);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

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
