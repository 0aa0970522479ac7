import { readFileSync } from 'node:fs';

/** Where Linux says when a process started, in ticks since the boot. */
const START_TIME_FIELD = 19;
/** States of a process that has ended and waits to be forgotten. */
const OVER = ['Z', 'X', 'x'];

/** Whether a process of that id runs, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Tells a process from a later one with the same id, beginning with the id; only the id where there is no /proc.
 * Empty for a process that is over and merely waits for its parent.
 */
export function identityOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return OVER.includes(fields[0] ?? '') ? '' : `${pid} ${boot} ${fields[START_TIME_FIELD]}`;
  } catch {
    return String(pid);
  }
}

/** The id of the process that has this identity, while it runs. */
export function processWith(identity: string): number | undefined {
  const pid = Number(identity.split(' ')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return identity === identityOf(pid) ? pid : undefined;
}
