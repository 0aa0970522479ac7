import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import { type Fleet, openFleet } from '../fleet/fleet.js';
import { memoryOf, useOf } from '../process-use.js';

const AGENTS = 1_000;
/** How long use is measured once all are connected. */
const MEASURED_MS = 60_000;
/** How long the coordinator may take to have read of all agents, and to connect to them. */
const PATIENCE_MS = 300_000;
const POLL_MS = 1_000;
const PERCENT = 100;

/** One task that somebody works on all the time: a coordinator without a run is none. */
const PLAN = {
  name: 'bench-idle',
  defaults: { deadline: '1h', price: 1, gate: 'none' },
  sequences: [{ id: 'only', tasks: [{ id: 'long', type: 'noop', input: { waitMs: 3_000_000 } }] }],
};

/** Waits until all have a session; that of the daemon which is a process of its own is not seen from here. */
async function allConnected(fleet: Fleet): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const { connected } = await fleet.measure();
    if (connected === AGENTS - 1) return;
    if (performance.now() > until)
      throw new Error(`${connected} agents of ${AGENTS} are connected; ${fleet.directory}`);
    await sleep(POLL_MS);
  }
}

async function measure(directory: string): Promise<Figures> {
  const say = (line: string) => void process.stderr.write(`  ${line}\n`);
  const fleet = await openFleet(directory, AGENTS, { say, alone: true });
  try {
    const file = join(directory, 'plan.json');
    writeFileSync(file, JSON.stringify(PLAN));
    const { configFile, env } = fleet.coordinator;
    const args = ['run', file, '--config', configFile, '--output-dir', join(directory, 'output'), '--json'];
    const logFile = join(directory, 'coordinator.log');
    const running = startCommand('coordinator', args, { name: 'coordinator', env, logFile });
    await allConnected(fleet).catch((error: unknown) => {
      running.kill('SIGKILL');
      throw error;
    });
    const pids = { coordinator: running.pid, daemon: fleet.alone?.pid ?? 0 };
    const nothing = { cpuMs: 0, peakMib: 0 };
    const before = { coordinator: useOf(pids.coordinator) ?? nothing, daemon: useOf(pids.daemon) ?? nothing };
    await sleep(MEASURED_MS);
    const after = { coordinator: useOf(pids.coordinator) ?? nothing, daemon: useOf(pids.daemon) ?? nothing };
    const held = { coordinator: memoryOf(pids.coordinator), daemon: memoryOf(pids.daemon) };
    running.kill('SIGKILL');
    const percent = (of: 'coordinator' | 'daemon') => ((after[of].cpuMs - before[of].cpuMs) * PERCENT) / MEASURED_MS;
    return {
      'agents connected': AGENTS,
      'coordinator, % of a core': percent('coordinator'),
      'coordinator, peak MiB': after.coordinator.peakMib,
      'coordinator, MiB at the end': held.coordinator?.residentMib ?? Number.NaN,
      'a daemon, % of a core': percent('daemon'),
      'a daemon, peak MiB': after.daemon.peakMib,
      'a daemon, MiB at the end': held.daemon?.residentMib ?? Number.NaN,
      'a daemon, MiB at the end, shared ones by share': held.daemon?.proportionalMib ?? Number.NaN,
    };
  } finally {
    await fleet.close();
  }
}

/** What it costs to be there. */
export const idle: BenchCase = {
  title: `${AGENTS.toLocaleString('en')} connected agents, one of which works`,
  rounds: 1,
  contestants: () => [
    {
      name: 'gatepost; one daemon is a process of its own, the others share four',
      measure: (directory) => measure(directory),
    },
  ],
};
