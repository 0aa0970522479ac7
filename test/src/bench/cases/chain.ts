import type { BenchCase, Figures } from '../bench-case.js';
import { withPeer } from '../bullmq.js';
import { median } from '../numbers.js';
import { timeOf } from '../place.js';
import { chainOfTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const LENGTH = 20;
/** Fifty chains, the end of one the beginning of the next. */
const TASKS = 1_000;

/** How long chains took, one after the other; the first meets processes that are new. */
function figuresOf([first = Number.NaN, ...others]: readonly number[]): Figures {
  return { 'all accepted, p50 ms': median(others), 'the first chain, ms': first };
}

/** Splits into chains of the usual length; what is left over is none. */
function chainsOf<T>(values: readonly T[]): T[][] {
  const count = Math.floor(values.length / LENGTH);
  return Array.from({ length: count }, (_, n) => values.slice(n * LENGTH, (n + 1) * LENGTH));
}

/** Chains whose tasks hand their outputs on. */
export const chain: BenchCase = {
  title: `a chain of ${LENGTH} tasks, each with the output of the one before it, again and again`,
  rounds: 3,
  contestants: ({ tasks = TASKS, profiles }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(
          directory,
          async (place) => {
            const { events } = await place.run(chainOfTasks(tasks, true));
            const begun = events.find(({ event }) => event === 'assigned');
            const accepted = events.filter(({ event }) => event === 'verdict').map(timeOf);
            if (begun === undefined || accepted.length !== tasks)
              throw new Error('the chain has no beginning or no end');
            const ends = chainsOf(accepted).map((times) => times.at(-1) ?? Number.NaN);
            return figuresOf(ends.map((end, n) => end - (ends[n - 1] ?? timeOf(begun))));
          },
          { profiles },
        ),
    },
    {
      name: 'BullMQ, appendfsync always',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => {
          const times = await peer.oneByOne(tasks);
          return figuresOf(chainsOf(times).map((each) => each.reduce((sum, ms) => sum + ms, 0)));
        }),
    },
  ],
};
