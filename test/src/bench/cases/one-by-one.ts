import type { BenchCase, Figures } from '../bench-case.js';
import { usualMs, withPeer } from '../bullmq.js';
import { type RunEvent, timeOf } from '../place.js';
import { chainOfTasks } from '../plans.js';
import { withPlace } from './with-place.js';

const TASKS = 100;

/** Times of an event of each task, in the order of the chain. */
function timesOf(events: readonly RunEvent[], name: string, tasks: number): number[] {
  const byTask = new Map(events.filter(({ event }) => event === name).map((event) => [event.task, timeOf(event)]));
  return Array.from({ length: tasks }, (_, n) => byTask.get(`t${n}`) ?? Number.NaN);
}

/** How long a task takes from the moment it may begin, which is when the one before it was accepted. */
function stepsOf(events: readonly RunEvent[], tasks: number): Figures {
  const accepted = timesOf(events, 'verdict', tasks);
  const paid = timesOf(events, 'settled', tasks);
  const since = (times: readonly number[]) => usualMs(times.map((time, n) => time - (accepted[n - 1] ?? Number.NaN)));
  return { 'to accepted, p50 ms': since(accepted), 'to paid, p50 ms': since(paid) };
}

/** One task after the other. */
export const oneByOne: BenchCase = {
  title: 'one task after the other, from the moment it may begin',
  rounds: 3,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: (directory) =>
        withPlace(directory, async (place) => {
          const { events } = await place.run(chainOfTasks(tasks, false));
          return stepsOf(events, tasks);
        }),
    },
    {
      name: 'BullMQ, appendfsync always',
      needsRedis: true,
      measure: (directory) =>
        withPeer(directory, async (peer) => ({ 'to accepted, p50 ms': usualMs(await peer.oneByOne(tasks)) })),
    },
  ],
};
