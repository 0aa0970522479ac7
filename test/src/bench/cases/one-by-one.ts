import type { BenchCase, Figures } from '../bench-case.js';
import { usualMs, withPeer } from '../bullmq.js';
import { type RunEvent, timeOf } from '../place.js';
import { chainOfTasks } from '../plans.js';
import { withEachExecutor } from './with-place.js';

/** So many that most of them meet code that is compiled, ours as well as the peer's. */
const TASKS = 1_000;
/** Those that a process meets while it is new. */
const FIRST = 100;

/** Times of an event of each task, in the order of the chain. */
function timesOf(events: readonly RunEvent[], name: string, tasks: number): number[] {
  const byTask = new Map(events.filter(({ event }) => event === name).map((event) => [event.task, timeOf(event)]));
  return Array.from({ length: tasks }, (_, n) => byTask.get(`t${n}`) ?? Number.NaN);
}

const figuresOf = (accepted: readonly number[]): Figures => ({
  'to accepted, p50 ms': usualMs(accepted),
  'to accepted, the first hundred, p50 ms': usualMs(accepted.slice(0, FIRST)),
});

/** How long a task takes from the moment it may begin, which is when the one before it was accepted. */
function stepsOf(events: readonly RunEvent[], tasks: number): Figures {
  const accepted = timesOf(events, 'verdict', tasks);
  const paid = timesOf(events, 'settled', tasks);
  const since = (times: readonly number[]) => times.map((time, n) => time - (accepted[n - 1] ?? Number.NaN));
  return { ...figuresOf(since(accepted)), 'to paid, p50 ms': usualMs(since(paid)) };
}

/** One task after the other. */
export const oneByOne: BenchCase = {
  title: 'one task after the other, from the moment it may begin',
  rounds: 3,
  contestants: ({ tasks = TASKS, ...scale }) => [
    ...withEachExecutor(scale, async ({ run }) => {
      const { events } = await run(chainOfTasks(tasks, false));
      return stepsOf(events, tasks);
    }),
    {
      name: 'BullMQ, appendfsync always: each job calls a function',
      needsRedis: true,
      measure: (directory) => withPeer(directory, async (peer) => figuresOf(await peer.oneByOne(tasks))),
    },
  ],
};
