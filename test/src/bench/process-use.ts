import { readFileSync } from 'node:fs';

/** USER_HZ of every Linux that Node.js runs on. */
const MS_PER_TICK = 10;
const KIB_PER_MIB = 1_024;
/** Fields of /proc/<pid>/stat after the name in brackets: time in user and in system mode. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** What a process has used so far. */
export interface ProcessUse {
  readonly cpuMs: number;
  /** Most memory it ever had resident. */
  readonly peakMib: number;
}

/** What a running process has used; undefined once it is gone, or where the system has no /proc. */
export function useOf(pid: number): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // One that has ended and was not waited for yet has no memory any more.
    if (peak === undefined) return undefined;
    const ticks = Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
    return { cpuMs: ticks * MS_PER_TICK, peakMib: Number(peak) / KIB_PER_MIB };
  } catch {
    return undefined;
  }
}

/** What a process holds in memory now. */
export interface ProcessMemory {
  readonly residentMib: number;
  /** The same, with what several processes share, such as the program of Node.js itself, divided among them. */
  readonly proportionalMib: number;
}

/** What a running process holds; undefined once it is gone, or where the system has no /proc. */
export function memoryOf(pid: number): ProcessMemory | undefined {
  try {
    const told = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(told)?.[1]) / KIB_PER_MIB;
    return { residentMib: mib('Rss'), proportionalMib: mib('Pss') };
  } catch {
    return undefined;
  }
}
