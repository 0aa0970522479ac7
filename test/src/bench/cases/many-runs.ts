import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connectCoordinator } from '@gatepost/coordinator/cli/command';
import type { RunEnd } from '@gatepost/coordinator/shell/run/begun-run';
import { openJournalHost } from '@gatepost/coordinator/shell/service/journal-host';
import type { RunHost } from '@gatepost/coordinator/shell/service/run-host';
import { requireOwnConfig } from '@gatepost/coordinator/shell/setup/config-file';
import { planFromText } from '@gatepost/party/plan/plan-file';
import { createLogger } from '@gatepost/shared/log';
import type { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { runCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import type { Place } from '../place.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const RUNS = 20;
const TASKS = 200;
const AGENTS = 10;
/** So few that runs have to share them. */
const SLOTS = 4;
/** The run that is asked for last is so much smaller, and comes when so much of the others is paid. */
const LATE = 0.1;
const LATE_AFTER = 0.3;
const MS_PER_SECOND = 1_000;

const nothing = (): void => undefined;

interface Measured {
  readonly tasks: number;
  readonly tookMs: number;
  readonly end: RunEnd | GatepostError;
}

/** Opens a run; resolves when it has ended. */
function work(host: RunHost, directory: string, name: string, tasks: number, paid: () => void): Promise<Measured> {
  const plan = planFromText('plan.json', JSON.stringify({ ...independentTasks(tasks), name }));
  const ordinal = host.runs().size + 1;
  const run = `${plan.digest.slice(0, 12)}-1`;
  const beganMs = performance.now();
  return new Promise((resolve) => {
    host.open({
      submission: { run, ordinal, key: name, plan: plan.digest, weight: 1, mostOpen: tasks },
      plan,
      planFile: join(directory, 'plan.json'),
      outputDir: join(directory, 'output'),
      reporter: {
        begin: nothing,
        progress: nothing,
        waiting: nothing,
        end: nothing,
        change: ({ event }) => (event === 'settled' ? paid() : undefined),
      },
      ended: (end) => resolve({ tasks, tookMs: performance.now() - beganMs, end }),
    });
  });
}

/** Runs as many plans as there are side by side, and a small one that is asked for while they are under way. */
async function side({ stage }: Place, directory: string, tasks: number): Promise<Figures> {
  mkdirSync(directory, { recursive: true });
  const { configFile, env } = stage.coordinator;
  const connection = await connectCoordinator(env);
  try {
    const config = requireOwnConfig(configFile, connection.account);
    const options = { config, insecureLoopback: false, takeOver: false, mostOpen: config.limits.openAttempts };
    const host = await openJournalHost(
      connection,
      options,
      createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn' }),
    );
    const all = RUNS * tasks;
    let paid = 0;
    let late: Promise<Measured> | undefined;
    let open = RUNS;
    let openThen = RUNS;
    const beganMs = performance.now();
    const payment = (): void => {
      paid += 1;
      if (paid < all * LATE_AFTER || late !== undefined) return;
      openThen = open;
      late = work(host, directory, 'late', Math.ceil(tasks * LATE), nothing);
    };
    const runs = await Promise.all(
      Array.from({ length: RUNS }, async (_, at) => {
        const measured = await work(host, directory, `run-${at}`, tasks, payment);
        open -= 1;
        return measured;
      }),
    );
    const lastMs = performance.now() - beganMs;
    const small = await late;
    await host.close();
    const ended = small === undefined ? runs : [...runs, small];
    const perMs = (all + (small?.tasks ?? 0)) / lastMs;
    const complete = ended.filter(({ end }) => 'why' in end && end.summary.outcome === 'complete');
    const verified = await runCommand('coordinator', ['verify', '--journal', stage.journal, '--json'], env);
    const { findings } = JSON.parse(verified.stdout) as { readonly findings: readonly unknown[] };
    const took = runs.map(({ tookMs }) => tookMs);
    return {
      'tasks/s, all runs together': perMs * MS_PER_SECOND,
      'runs complete': complete.length,
      'tasks paid': complete.reduce((sum, { end }) => sum + ('why' in end ? Number(end.summary.totals.paid) : 0), 0),
      'slowest run, times the mean': Math.max(...took) / (took.reduce((sum, ms) => sum + ms, 0) / RUNS),
      // At its opening it has a share as large as each of the others; these have more to do than it has.
      'the run that was asked for last, times its fair share':
        small === undefined ? Number.NaN : small.tookMs / ((small.tasks * (openThen + 1)) / perMs),
      'verify, exit code': verified.code ?? Number.NaN,
      'verify, findings': findings.length,
    };
  } finally {
    connection.close();
  }
}

/** A service with as many runs as it has by default. */
export const manyRuns: BenchCase = {
  title: `${RUNS} runs side by side over ${AGENTS} daemons of ${SLOTS} slots, and a small one that comes later`,
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost; each task costs 1, does nothing, and has a schema gate',
      measure: (directory) =>
        withPlace(directory, (place) => side(place, join(directory, 'host'), tasks), { daemons: AGENTS, slots: SLOTS }),
    },
  ],
};
