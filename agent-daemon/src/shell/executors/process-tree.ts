import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';

/** Names the variable by which the processes of an attempt are recognised, wherever they have moved to. */
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

const hasProc = platform() === 'linux';

async function inspect(pid: number, marker: string): Promise<ProcessInfo | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    const field = (index: number) => Number(fields[index] ?? 0);
    return {
      pid,
      parent: field(1),
      group: field(2),
      session: field(3),
      cpuTicks: field(11) + field(12),
      residentPages: field(21),
      marked: environ.includes(marker),
    };
  } catch {
    return undefined; // Ended while we looked.
  }
}

async function allProcesses(marker: string): Promise<readonly ProcessInfo[]> {
  if (!hasProc) return [];
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(names.map((pid) => inspect(pid, marker)));
  return found.filter((info) => info !== undefined && info.pid !== process.pid) as ProcessInfo[];
}

/**
 * The living processes of an attempt: its group and session, its descendants, and whoever carries its marker.
 * Empty where there is no /proc.
 */
export async function processesOf(root: number, marker: string): Promise<readonly ProcessInfo[]> {
  if (root <= 1) return [];
  const all = await allProcesses(`${MARKER_VARIABLE}=${marker}`);
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
export async function signalTree(
  root: number,
  marker: string,
  signal: NodeJS.Signals,
  spareRoot = false,
): Promise<number> {
  if (root > 1 && !spareRoot) signalOne(-root, signal);
  const members = (await processesOf(root, marker)).filter(({ pid }) => !(spareRoot && pid === root));
  for (const { pid } of members) signalOne(pid, signal);
  return members.length;
}

/** Kills what earlier processes of this daemon left running: everything whose marker begins with a prefix. */
export async function killMarked(prefix: string): Promise<number> {
  let killed = 0;
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const found = (await allProcesses(`${MARKER_VARIABLE}=${prefix}`)).filter(({ marked }) => marked);
    if (found.length === 0) return killed;
    killed = Math.max(killed, found.length);
    for (const { pid } of found) signalOne(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return killed;
}

/** Rounds of killing before a process that cannot be killed is left alone. */
const KILL_ROUNDS = 50;

/** Kills the whole tree, again and again until none of it is left, since a dying tree can still fork. */
export async function killTree(root: number, marker: string): Promise<void> {
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    if ((await signalTree(root, marker, 'SIGKILL')) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
