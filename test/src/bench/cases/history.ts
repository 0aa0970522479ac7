import { join } from 'node:path';
import { startCommand } from 'gatepost/stage/command';
import type { BenchCase, Figures } from '../bench-case.js';
import { type Place, watchToEnd } from '../place.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 2_000;
/** Assignment, start, result, verdict and payment. */
const RECORDS_PER_TASK = 5;
const MS_PER_SECOND = 1_000;

/** Runs a command of the coordinator's on what lies on the ledger. */
async function read(place: Place, what: string, tasks: number, args: readonly string[]): Promise<Figures> {
  const { coordinator, directory } = place.stage;
  const logFile = join(directory, `${what}.log`);
  const started = startCommand('coordinator', args, { name: `coordinator, ${what}`, env: coordinator.env, logFile });
  const { tookMs, use } = await watchToEnd(started);
  return {
    [`${what}, ms`]: tookMs,
    [`${what}, records/s`]: (tasks * RECORDS_PER_TASK * MS_PER_SECOND) / tookMs,
    [`${what}, peak MiB`]: use.peakMib,
  };
}

/** What is read again of a run that is over: by a coordinator that resumes it, and by `verify`. */
export const history: BenchCase = {
  title: 'a run that is over is read again, process start included: five records a task',
  rounds: 1,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(directory, async (place) => {
          await place.run(independentTasks(tasks));
          const { journal, coordinator } = place.stage;
          const run = ['run', join(directory, 'plan.json'), '--config', coordinator.configFile];
          const resumed = await read(place, 'resume', tasks, [...run, '--output-dir', join(directory, 'output')]);
          return { ...resumed, ...(await read(place, 'verify', tasks, ['verify', '--journal', journal])) };
        }),
    },
  ],
};
