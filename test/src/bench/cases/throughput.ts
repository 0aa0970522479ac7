import type { BenchCase, Contestant, Scale } from '../bench-case.js';
import { withPeer } from '../bullmq.js';
import type { NoopExecutor } from '../place.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 20_000;
const JOBS = 20_000;
const MS_PER_SECOND = 1_000;

/** One of ours, told apart by what executes its attempts. */
const ours = (name: string, executor: NoopExecutor, { tasks = TASKS, profiles }: Scale): Contestant => ({
  name,
  measure: (directory) =>
    withPlace(
      directory,
      async (place) => {
        const { paidAfterMs, use } = await place.run(independentTasks(tasks));
        return {
          'tasks/s': (tasks * MS_PER_SECOND) / paidAfterMs,
          'coordinator, processor ms/task': use.coordinator.cpuMs / tasks,
          'daemons, processor ms/task': use.daemons.cpuMs / tasks,
          'ledger, processor ms/task': use.ledger.cpuMs / tasks,
          'coordinator, peak MiB': use.coordinator.peakMib,
        };
      },
      { profiles, executor },
    ),
});

/** Many tasks at once, until all are paid. */
export const throughput: BenchCase = {
  title: 'tasks that do nothing, schema gate, 2 daemons, until all are paid',
  rounds: 3,
  contestants: (scale) => [
    ours('gatepost, http executor: each attempt asks a server', 'http', scale),
    // As with the peer, what does nothing is a function beside the one who calls it.
    ours('gatepost, module executor: each attempt calls a function', 'module', scale),
    {
      name: 'BullMQ, appendfsync always: each job calls a function',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => ({ 'tasks/s': (JOBS * MS_PER_SECOND) / (await peer.many(JOBS)) })),
    },
  ],
};
