import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { executorSchema } from '../config/executors-schema.js';
import { CommandExecutor } from '../shell/executors/command-executor.js';
import type { Execution, Executor } from '../shell/executors/executor.js';
import { HttpExecutor } from '../shell/executors/http-executor.js';
import { ModuleExecutor } from '../shell/executors/module-executor.js';
import { Spawner } from '../shell/executors/spawner.js';

/** An executor of the benchmark, whose attempts do nothing. */
export interface BenchedExecutor {
  readonly name: string;
  readonly executor: Executor;
  /** Attempts of a round: more where one costs little. */
  readonly attempts: number;
}

/** What a round of attempts came to. */
export interface ExecutorRate {
  readonly perSecond: number;
  /** Processor time of this process for each. */
  readonly cpuUs: number;
}

const MS_PER_SECOND = 1_000;
const WARM_UP = 50;
/** A command costs as much as so many calls of a module. */
const COMMAND_SHARE = 10;

/** What the executors of commands run: it hears its work order and answers. */
export const BENCHED_COMMAND = ['sh', '-c', 'cat >/dev/null; echo 1'];

/** The executors, each kind as configuration makes it; `close` ends what they hold. */
export async function benchedExecutors(
  directory: string,
  slots: number,
  attempts: number,
): Promise<{ readonly executors: readonly BenchedExecutor[]; readonly close: () => Promise<void> }> {
  const limits = { slots, graceMs: 1_000, maxOutputBytes: 1_000_000, logLineBytes: 200 };
  const module = join(directory, 'noop.mjs');
  writeFileSync(module, 'export default () => 1;');
  const confinement = probeConfinement();
  const spawner = new Spawner();
  const command = (confine: 'none' | 'auto') => {
    const settings = executorSchema.parse({ command: BENCHED_COMMAND, confine });
    const files = { directories: [], files: [] };
    const host = { limits, markerPrefix: `bench-${process.pid}:`, confinement, files, spawner };
    return new CommandExecutor({ ...settings, command: BENCHED_COMMAND }, host);
  };
  const server = createServer((request, response) => request.resume().once('end', () => response.end('1')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const fewer = Math.ceil(attempts / COMMAND_SHARE);
  const executors = [
    { name: 'http', executor: new HttpExecutor(url, limits), attempts },
    { name: 'module', executor: new ModuleExecutor(module, [], {}, limits), attempts },
    { name: 'command, not confined', executor: command('none'), attempts: fewer },
    { name: `command, ${confinement.mechanism}`, executor: command('auto'), attempts: fewer },
  ] satisfies BenchedExecutor[];
  const close = async () => {
    for (const { executor } of executors as readonly BenchedExecutor[]) await executor.close?.();
    await spawner.close();
    server.close();
    server.closeAllConnections();
  };
  for (const { executor } of executors)
    await measureExecutor({ name: '', executor, attempts: WARM_UP }, directory, slots);
  return { executors, close };
}

const executionOf = (n: number, workDir: string): Execution => ({
  ref: { run: 'bench', task: `t${n}`, attempt: 1 },
  taskType: 'noop',
  workOrder: Buffer.from('{"input":null}'),
  workDir,
  deadlineMs: Date.now() + 60_000,
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
  used: () => undefined,
});

/** One round of an executor, so many attempts at a time. @throws Error when an attempt fails. */
export async function measureExecutor(
  { executor, attempts }: BenchedExecutor,
  directory: string,
  slots: number,
): Promise<ExecutorRate> {
  let next = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const slot = async () => {
    while (next < attempts) {
      next += 1;
      const result = await executor.execute(executionOf(next, directory));
      if (!result.ok) throw new Error(result.reason);
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (attempts * MS_PER_SECOND) / (performance.now() - began),
    cpuUs: (user + system) / attempts,
  };
}
