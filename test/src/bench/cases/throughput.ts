import type { BenchCase, Figures } from '../bench-case.js';
import { withPeer } from '../bullmq.js';
import { type MeasuredRun, timeOf } from '../place.js';
import { independentTasks } from '../plans.js';
import { withEachExecutor } from './with-place.js';

const TASKS = 20_000;
const JOBS = 20_000;
const MS_PER_SECOND = 1_000;

/** How many there were a second, from the first of some times to the last. */
const perSecond = (times: readonly number[]): number =>
  (times.length * MS_PER_SECOND) / ((times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN));

function figuresOf({ events, paidAfterMs, use }: MeasuredRun, tasks: number): Figures {
  const paid = events.filter(({ event }) => event === 'settled').map(timeOf);
  return {
    'tasks/s': (tasks * MS_PER_SECOND) / paidAfterMs,
    'tasks/s, the second half': perSecond(paid.slice(Math.ceil(paid.length / 2))),
    'coordinator, processor ms/task': use.coordinator.cpuMs / tasks,
    'daemons, processor ms/task': use.daemons.cpuMs / tasks,
    'ledger, processor ms/task': use.ledger.cpuMs / tasks,
    'coordinator, peak MiB': use.coordinator.peakMib,
  };
}

/** Many tasks at once, until all are paid. */
export const throughput: BenchCase = {
  title: 'tasks that do nothing, schema gate, 2 daemons, until all are paid',
  rounds: 3,
  contestants: ({ tasks = TASKS, ...scale }) => [
    ...withEachExecutor(scale, async ({ run }) => figuresOf(await run(independentTasks(tasks)), tasks)),
    {
      name: 'BullMQ, appendfsync always: each job calls a function',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => {
          const { tookMs, secondHalfMs } = await peer.many(JOBS);
          return {
            'tasks/s': (JOBS * MS_PER_SECOND) / tookMs,
            'tasks/s, the second half': (JOBS * MS_PER_SECOND) / 2 / secondHalfMs,
          };
        }),
    },
  ],
};
