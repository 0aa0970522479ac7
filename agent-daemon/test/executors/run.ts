import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DaemonFiles, probeConfinement } from '@gatepost/shared/confinement/confinement';
import { executorSchema } from '../../src/config/executors-schema.js';
import type { ReportedUsage } from '../../src/core/usage.js';
import { CommandExecutor } from '../../src/shell/executors/command-executor.js';
import type { Execution, ExecutionResult, Executor } from '../../src/shell/executors/executor.js';
import { Spawner } from '../../src/shell/executors/spawner.js';

/** Marks what these tests start, and nothing that those of another process do. */
export const MARKER = `test-${process.pid}:`;

/** Starts the programs of the tests of one file. */
export const SPAWNER = new Spawner();

export const LIMITS = { slots: 4, graceMs: 300, maxOutputBytes: 1_000_000, logLineBytes: 200 };

/** What an execution told while it ran. */
export interface Told {
  readonly progress: (readonly [number, string])[];
  readonly log: string[];
  readonly usage: ReportedUsage[];
}

export interface Started extends Told {
  readonly result: Promise<ExecutionResult>;
  readonly abort: AbortController;
  readonly workDir: string;
}

/** What this host can do, found once. */
export const HOST = probeConfinement();

export function command(
  argv: string[],
  settings: object = {},
  limits: Partial<typeof LIMITS> = {},
  files: DaemonFiles = { directories: [], files: [] },
): Executor {
  const parsed = executorSchema.parse({ command: argv, ...settings });
  const host = { limits: { ...LIMITS, ...limits }, markerPrefix: MARKER, spawner: SPAWNER, confinement: HOST, files };
  return new CommandExecutor({ ...parsed, command: argv }, host);
}

/** Runs an executor with a working directory that is removed afterwards. */
export function start(executor: Executor, input: unknown = null): Started {
  const told: Told = { progress: [], log: [], usage: [] };
  const abort = new AbortController();
  const workDir = mkdtempSync(join(tmpdir(), 'gatepost-executor-'));
  const execution: Execution = {
    ref: { run: 'run', task: 'task', attempt: 2 },
    taskType: 'type',
    workOrder: Buffer.from(JSON.stringify({ input })),
    workDir,
    deadlineMs: Date.now() + 60_000,
    signal: abort.signal,
    progress: (fraction, message) => told.progress.push([fraction, message]),
    log: (line) => told.log.push(line),
    used: (usage) => told.usage.push(usage),
  };
  const result = executor.execute(execution).finally(() => rmSync(workDir, { recursive: true, force: true }));
  return { ...told, result, abort, workDir };
}

export const outputOf = (result: ExecutionResult): string =>
  result.ok ? Buffer.from(result.output).toString('utf8') : `failed: ${result.reason}`;

/** Whether a process lives; one that is dead and only waits to be collected by its parent does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
