import type { BenchCase } from '../bench-case.js';
import { withPeer } from '../bullmq.js';
import { timeOf } from '../place.js';
import { chainOfTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 20;

/** A chain whose tasks hand their outputs on. */
export const chain: BenchCase = {
  title: 'a chain of tasks, each with the output of the one before it',
  rounds: 3,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(directory, async (place) => {
          // Daemons and peer have worked before; a coordinator is begun for each run.
          await place.run(chainOfTasks(tasks, false));
          const { events } = await place.run(chainOfTasks(tasks, true));
          const first = events.find(({ event }) => event === 'assigned');
          const last = events.findLast(({ event }) => event === 'verdict');
          if (first === undefined || last === undefined) throw new Error('the chain has no beginning or no end');
          return { 'all accepted, ms': timeOf(last) - timeOf(first) };
        }),
    },
    {
      name: 'BullMQ, appendfsync always',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => {
          await peer.oneByOne(tasks);
          const times = await peer.oneByOne(tasks);
          return { 'all accepted, ms': times.reduce((sum, ms) => sum + ms, 0) };
        }),
    },
  ],
};
