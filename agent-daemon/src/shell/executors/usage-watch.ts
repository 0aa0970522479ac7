import { processesOf } from '@gatepost/shared/process-tree';
import type { ExecutorSettings } from '../../config/executors-schema.js';

/** How often the tree is measured. */
const SAMPLE_MS = 250;
/** USER_HZ of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/**
 * Measures memory and processor time of an attempt's process tree and says once when it exceeds its bounds.
 * Processor time of processes that ended between two samples is not seen. Nothing is measured without bounds.
 * @returns how to end it.
 */
export function watchUsage(
  root: number,
  marker: string,
  { memory, cpu_seconds: cpuSeconds }: ExecutorSettings['usage'],
  exceeded: (reason: string) => void,
): () => void {
  if (memory === undefined && cpuSeconds === undefined) return () => undefined;
  const cpuTicks = new Map<number, number>();
  const sample = () => {
    const processes = processesOf(root, marker);
    const resident = processes.reduce((sum, { residentPages }) => sum + residentPages * PAGE_BYTES, 0);
    for (const { pid, cpuTicks: ticks } of processes) cpuTicks.set(pid, ticks);
    const seconds = [...cpuTicks.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
    if (memory !== undefined && resident > memory) exceeded(`its processes use more than ${memory} bytes of memory`);
    else if (cpuSeconds !== undefined && seconds > cpuSeconds)
      exceeded(`used more than ${cpuSeconds} s of processor time`);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return () => clearInterval(timer);
}
