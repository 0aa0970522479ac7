import { mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { planCost } from '@gatepost/rules/plan/budget';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { describeExit, runInTerminal } from '../stage/command.js';
import { INSTALLATION } from '../stage/layout.js';
import { startEmbeddedNetwork } from '../stage/network.js';
import { openStage, type Stage } from '../stage/stage.js';
import { claimDirectory } from './claim.js';
import { writeExecutors } from './executors.js';

const AGENTS = ['agent-1', 'agent-2'];

const say = (line: string) => void process.stdout.write(`${line}\n`);
const shown = (path: string) => relative(process.cwd(), path) || '.';

/** Runs the plan; ends early, with an error that says so, when an agent's process ends before the plan does. */
async function runPlan(stage: Stage, planFile: string, outputs: string, stopped: AbortSignal): Promise<number> {
  const args = ['run', planFile, '--config', stage.coordinator.configFile, '--output-dir', outputs];
  const run = runInTerminal('coordinator', args, stage.coordinator.env);
  stopped.addEventListener('abort', run.interrupt, { once: true });
  const lost = Promise.race(
    stage.agents.map(async ({ name, account, process: agent }) => {
      const exit = await agent.exited;
      return new GatepostError(
        'AGENT_UNREACHABLE',
        `${name} (${account}) ${describeExit(exit)} while the plan ran; its log: ${shown(agent.logFile)}`,
      );
    }),
  );
  const first = await Promise.race([run.exited, lost]);
  if (!(first instanceof GatepostError)) return first.code === 0 ? verify(stage, planFile) : (first.code ?? 1);
  run.interrupt();
  await run.exited;
  if (stopped.aborted) return 130;
  throw first;
}

/** The check that anyone can make: no keys, no local files, only the mirror. */
async function verify(stage: Stage, planFile: string): Promise<number> {
  say('\ncoordinator verify, without any key:');
  const args = ['verify', '--journal', stage.journal, '--plan', planFile];
  return (await runInTerminal('coordinator', args, stage.network.env).exited).code ?? 1;
}

/**
 * Plays a plan on an embedded network with a coordinator and two agents, each a process of its own; its exit code.
 * @param withGatekeeper whether a fourth process judges and signs.
 * @param directory where configuration, logs and outputs go; emptied first.
 * @throws GatepostError INVALID_PLAN, USAGE for a directory in use, AGENT_UNREACHABLE for an agent that ended.
 */
export async function demo(planFile: string, directory: string, withGatekeeper: boolean): Promise<number> {
  const plan = loadPlan(planFile); // A plan with a mistake starts nothing.
  claimDirectory(directory);
  const agents = AGENTS.map((name) => {
    mkdirSync(join(directory, name), { recursive: true });
    return { name, executors: writeExecutors(name, join(directory, name)) };
  });

  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.abort());
  const network = await startEmbeddedNetwork(directory);
  say(`embedded network at ${network.env.GATEPOST_NODE}, mirror ${network.mirrorRest}`);
  try {
    // The gate programs and repositories that the plan names are what this gatekeeper's owner gives it.
    const gates = dirname(planFile);
    const gatekeeper = withGatekeeper
      ? { gates, read: [INSTALLATION], repositories: [gates], fund: planCost(plan.tasks) }
      : undefined;
    const stage = await openStage({ network, directory, agents, onProgress: say, ...(gatekeeper && { gatekeeper }) });
    try {
      return await runPlan(stage, planFile, join(directory, 'output'), stopped.signal);
    } finally {
      await stage.close();
      say(`logs: ${shown(directory)}`);
    }
  } finally {
    await network.close();
  }
}
