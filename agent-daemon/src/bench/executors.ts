// Rate of attempts that do nothing, by kind of executor: from the work order to the output, without ledger and session.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, platform, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { executorSchema } from '../config/executors-schema.js';
import { CommandExecutor } from '../shell/executors/command-executor.js';
import { probeConfinement } from '../shell/executors/confinement.js';
import type { Execution, Executor } from '../shell/executors/executor.js';
import { ModuleExecutor } from '../shell/executors/module-executor.js';

const { values } = parseArgs({
  options: {
    attempts: { type: 'string', default: '5000' },
    slots: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
  },
});
const slots = Number(values.slots);
const rounds = Number(values.rounds);

const directory = mkdtempSync(join(tmpdir(), 'gatepost-bench-'));
const module = join(directory, 'noop.mjs');
writeFileSync(module, 'export default () => 1;');
const limits = { slots, graceMs: 1_000, maxOutputBytes: 1_000_000, logLineBytes: 200 };
const argv = ['sh', '-c', 'cat >/dev/null; echo 1'];

function command(confine: 'none' | 'auto'): CommandExecutor {
  const settings = executorSchema.parse({ command: argv, confine });
  const files = { directories: [], files: [] };
  const host = { limits, markerPrefix: `bench-${process.pid}:`, confinement: probeConfinement(), files };
  return new CommandExecutor({ ...settings, command: argv }, host);
}

const execution = (n: number): Execution => ({
  ref: { run: 'bench', task: `t${n}`, attempt: 1 },
  taskType: 'noop',
  workOrder: Buffer.from('{"input":null}'),
  workDir: directory,
  deadlineMs: Date.now() + 60_000,
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
});

/** Attempts per second, and processor time of this process for each, microseconds. */
async function round(executor: Executor, attempts: number): Promise<{ rate: number; cpuUs: number }> {
  let next = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const slot = async () => {
    while (next < attempts) {
      next += 1;
      const result = await executor.execute(execution(next));
      if (!result.ok) throw new Error(result.reason);
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (attempts * 1_000) / (performance.now() - began), cpuUs: (user + system) / attempts };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const kinds: readonly (readonly [string, Executor, number])[] = [
  ['module', new ModuleExecutor(module, [], {}, limits), Number(values.attempts)],
  ['command, not confined', command('none'), Number(values.attempts) / 10],
  [`command, ${probeConfinement().mechanism}`, command('auto'), Number(values.attempts) / 10],
];

const [{ model } = { model: 'unknown processor' }] = cpus();
process.stdout.write(
  `node ${process.version}, ${platform()} ${release()}, ${cpus().length} x ${model}, ${slots} slots\n`,
);
const found = new Map<string, { rate: number; cpuUs: number }[]>(kinds.map(([name]) => [name, []]));
for (const [, executor] of kinds) await round(executor, 50);
for (let n = 0; n < rounds; n += 1) {
  for (const [name, executor, attempts] of kinds) found.get(name)?.push(await round(executor, attempts));
}
for (const [name, results] of found) {
  const rates = results.map(({ rate }) => Math.round(rate));
  const cpuUs = Math.round(median(results.map((each) => each.cpuUs)));
  const spread = `${Math.min(...rates)} to ${Math.max(...rates)}`;
  process.stdout.write(`${name}: ${Math.round(median(rates))} per s (${spread}), ${cpuUs} us of this process each\n`);
}
for (const [, executor] of kinds) await executor.close?.();
rmSync(directory, { recursive: true, force: true });
