import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeExit, type RunningCommand, startCommand } from 'gatepost/stage/command';
import { type StageNetwork, startEmbeddedNetwork } from 'gatepost/stage/network';
import { openStage, type Stage } from 'gatepost/stage/stage';
import { stringify } from 'yaml';
import { endChild, forkBeside, nextMessage } from './child.js';
import { type ProcessUse, useOf } from './process-use.js';

/** Attempts that a daemon of the benchmark works on at the same time, and those that may wait there. */
const SLOTS = 256;
const QUEUE = 256;
const POLL_MS = 20;

/** What executes the attempts that do nothing: a server of its own, or a function in a thread of the daemon's. */
export type NoopExecutor = 'http' | 'module';

/** An event of `coordinator run --json`. */
export interface RunEvent {
  readonly event: string;
  readonly time: string;
  readonly task?: string;
}

/** A run of the benchmark and what it cost the processes that took part. */
export interface MeasuredRun {
  readonly events: readonly RunEvent[];
  /** From the event that the run begins with to the last payment. */
  readonly paidAfterMs: number;
  /** By name of the process, start-up included; daemons and network since they were started. */
  readonly use: Readonly<Record<'coordinator' | 'daemons' | 'ledger', ProcessUse>>;
}

/** An embedded network, a coordinator and daemons whose executor does nothing, all processes of their own. */
export interface Place {
  readonly network: StageNetwork;
  readonly stage: Stage;
  /** Runs a plan to its end. @throws Error when it does not end well. */
  run(plan: object): Promise<MeasuredRun>;
  close(): Promise<void>;
}

export const timeOf = ({ time }: RunEvent): number => Date.parse(time);

const sum = (uses: readonly ProcessUse[]): ProcessUse => ({
  cpuMs: uses.reduce((total, { cpuMs }) => total + cpuMs, 0),
  peakMib: uses.reduce((total, { peakMib }) => total + peakMib, 0),
});

const nothing: ProcessUse = { cpuMs: 0, peakMib: 0 };

/** What makes a process write its profile into a directory when it ends. */
function profiling(profiles: string | undefined): Record<string, string> {
  if (profiles === undefined) return {};
  mkdirSync(profiles, { recursive: true });
  const profiler = new URL('./profiler.js', import.meta.url);
  return { NODE_OPTIONS: `--import=${profiler}`, GATEPOST_BENCH_PROFILES: resolve(profiles) };
}

export interface PlaceOptions {
  /** Two when left out. */
  readonly daemons?: number;
  /** Attempts that a daemon works on at the same time. */
  readonly slots?: number;
  /** Directory for processor profiles; none are taken when left out. */
  readonly profiles?: string | undefined;
  /** A server when left out. */
  readonly executor?: NoopExecutor | undefined;
  /** As slow and as strict as the public test network. */
  readonly isSlow?: boolean;
  /** How long records wait for others, in coordinator and daemons, as configuration files say it; not at all when left out. */
  readonly fillWithin?: string;
  /** What an escrow holds, in the token's smallest unit, with a gatekeeper that judges; there is neither when left out. */
  readonly fund?: bigint;
}

/** Daemons of a case that does not say otherwise. */
const DAEMONS = 2;

/** Opens a place in a directory. */
export async function openPlace(
  directory: string,
  {
    daemons = DAEMONS,
    slots = SLOTS,
    profiles,
    executor = 'http',
    isSlow = false,
    fillWithin = '0s',
    fund,
  }: PlaceOptions = {},
): Promise<Place> {
  mkdirSync(directory, { recursive: true });
  const server = forkBeside('./noop-server.js');
  const { port } = await nextMessage<{ port: number }>(server);
  const executors = join(directory, 'executors.yaml');
  const module = join(directory, 'noop.mjs');
  writeFileSync(module, 'export default () => ({ done: true });\n');
  writeFileSync(
    executors,
    stringify({ noop: executor === 'http' ? { http: `http://127.0.0.1:${port}/` } : { module } }),
  );
  const env = profiling(profiles);
  const network = await startEmbeddedNetwork(directory, isSlow ? ['--profile', 'testnet'] : [], env);
  const configure = (yaml: string) =>
    `${yaml.replace(/^(slots|queue):.*\n/gm, '')}\nslots: ${slots}\nqueue: ${QUEUE}\nfill_within: ${fillWithin}\n`;
  const agents = Array.from({ length: daemons }, (_, n) => ({ name: `agent-${n + 1}`, executors, configure, env }));

  const closeNetwork = async () => {
    await network.close();
    await endChild(server);
  };
  const keeper = fund === undefined ? {} : { gatekeeper: { gates: directory, read: [], fund } };
  const stage = await openStage({ network, directory, agents, coordinatorEnv: env, ...keeper }).catch(
    async (error: unknown) => {
      await closeNetwork();
      throw error;
    },
  );
  appendFileSync(stage.coordinator.configFile, `\nfill_within: ${fillWithin}\n`);
  return {
    network,
    stage,
    run: (plan) => measureRun(directory, network, stage, plan),
    close: async () => {
      await stage.close();
      await closeNetwork();
    },
  };
}

/** A command that ran to its end. */
interface Watched {
  readonly lines: readonly string[];
  readonly tookMs: number;
  readonly use: ProcessUse;
}

/** Follows what a process uses until it ends. @throws Error when it does not end well. */
export async function watchToEnd(process: RunningCommand): Promise<Watched> {
  const began = performance.now();
  let use = nothing;
  let hasEnded = false;
  void process.exited.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    use = useOf(process.pid) ?? use;
    await sleep(POLL_MS);
  }
  const exit = await process.exited;
  if (exit.code !== 0) throw new Error(`the ${process.name} ${describeExit(exit)}; its log: ${process.logFile}`);
  return { lines: process.lines, tookMs: performance.now() - began, use };
}

async function measureRun(directory: string, network: StageNetwork, stage: Stage, plan: object): Promise<MeasuredRun> {
  const file = join(directory, 'plan.json');
  writeFileSync(file, JSON.stringify(plan));
  const { configFile, env } = stage.coordinator;
  const logFile = join(directory, 'coordinator.log');
  const args = ['run', file, '--config', configFile, '--output-dir', join(directory, 'output'), '--json'];
  const coordinator = await watchToEnd(startCommand('coordinator', args, { name: 'coordinator', env, logFile }));
  const events = coordinator.lines.map((line) => JSON.parse(line) as RunEvent);
  const [begun] = events;
  const paid = events.findLast(({ event }) => event === 'settled');
  if (begun === undefined || paid === undefined) throw new Error(`nothing was paid; logs: ${directory}`);
  const daemons = sum(stage.agents.map((agent) => useOf(agent.process.pid) ?? nothing));
  const ledger = useOf(network.process?.pid ?? 0) ?? nothing;
  return { events, paidAfterMs: timeOf(paid) - timeOf(begun), use: { coordinator: coordinator.use, daemons, ledger } };
}
