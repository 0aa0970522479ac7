import { readdirSync, readFileSync } from 'node:fs';
import { platform } from 'node:os';

/** Names the variable by which the processes of an attempt or a gate are recognised, wherever they have moved to. */
export const MARKER_VARIABLE = 'GATEPOST_EXECUTION';

/** What the scan knows of a process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks of user and system time. */
  readonly cpuTicks: number;
  /** Pages in memory. */
  readonly residentPages: number;
  readonly marked: boolean;
}

/** Rounds of killing before a process that cannot be killed is left alone, and the pause between them. */
const KILL_ROUNDS = 50;
const ROUND_MS = 10;
const hasProc = platform() === 'linux';

/** Whether a process of ours was started with a marker; not for one of another user. */
function isMarked(pid: number, marker: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(marker);
  } catch {
    return false;
  }
}

// Reading /proc at once takes a quarter of the time that it takes in turns, file by file.
function inspect(pid: number, marker: string): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const field = (index: number) => Number(fields[index] ?? 0);
    return {
      pid,
      parent: field(1),
      group: field(2),
      session: field(3),
      cpuTicks: field(11) + field(12),
      residentPages: field(21),
      marked: isMarked(pid, marker),
    };
  } catch {
    return undefined; // Ended while we looked.
  }
}

/** The id that the kernel gave last; ids are given in order and begin again at the end. */
const lastPid = (): number => Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));

/** Whether an id was given after another one, if they have not come round since. */
function givenSince(first: number): (pid: number) => boolean {
  const last = lastPid();
  return (pid) => (last >= first ? pid >= first && pid <= last : pid >= first || pid <= last);
}

function allProcesses(marker: string, since?: number): readonly ProcessInfo[] {
  if (!hasProc) return [];
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const isMeant = since === undefined ? () => true : givenSince(since);
  return pids.filter((pid) => pid !== process.pid && isMeant(pid)).flatMap((pid) => inspect(pid, marker) ?? []);
}

/**
 * The living processes of a tree: its group and session, its descendants, and whoever carries its marker. A tree that is
 * young, so that ids have not come round since it began, is found without a look at the processes that are older than it.
 * Empty where there is no /proc.
 */
export function processesOf(root: number, marker: string, isYoung = false): readonly ProcessInfo[] {
  if (root <= 1) return [];
  const all = allProcesses(`${MARKER_VARIABLE}=${marker}`, isYoung ? root : undefined);
  const members = new Set(
    all
      .filter((info) => info.marked || info.pid === root || info.group === root || info.session === root)
      .map(({ pid }) => pid),
  );
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      if (members.has(parent) && !members.has(pid)) {
        members.add(pid);
        grown = true;
      }
    }
  }
  return all.filter(({ pid }) => members.has(pid));
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** Signals the whole tree, or all of it but its root; says how many processes were found. */
export function signalTree(
  root: number,
  marker: string,
  signal: NodeJS.Signals,
  { spareRoot = false, isYoung = false } = {},
): number {
  if (root > 1 && !spareRoot) signalOne(-root, signal);
  const members = processesOf(root, marker, isYoung).filter(({ pid }) => !(spareRoot && pid === root));
  for (const { pid } of members) signalOne(pid, signal);
  return members.length;
}

/** Kills what earlier processes of this daemon left running: everything whose marker begins with a prefix. */
export async function killMarked(prefix: string): Promise<number> {
  let killed = 0;
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const found = allProcesses(`${MARKER_VARIABLE}=${prefix}`).filter(({ marked }) => marked);
    if (found.length === 0) return killed;
    killed = Math.max(killed, found.length);
    for (const { pid } of found) signalOne(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  return killed;
}

/** Kills the whole tree, again and again until none of it is left, since a dying tree can still fork. */
export async function killTree(root: number, marker: string, isYoung = false): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    if (signalTree(root, marker, 'SIGKILL', { isYoung }) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}
