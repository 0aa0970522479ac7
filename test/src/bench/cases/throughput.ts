import type { BenchCase } from '../bench-case.js';
import { withPeer } from '../bullmq.js';
import { independentTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 2_000;
const JOBS = 20_000;
const MS_PER_SECOND = 1_000;

/** Many tasks at once, until all are paid. */
export const throughput: BenchCase = {
  title: 'tasks that do nothing, http executor, schema gate, 2 daemons, until all are paid',
  rounds: 3,
  contestants: ({ tasks = TASKS, profiles }) => [
    {
      name: 'gatepost',
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
          profiles,
        ),
    },
    {
      name: 'BullMQ, appendfsync always',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => ({ 'tasks/s': (JOBS * MS_PER_SECOND) / (await peer.many(JOBS)) })),
    },
  ],
};
