import { benchedExecutors, measureExecutor } from '@gatepost/agent-daemon/bench/executor-rates';
import type { BenchCase, Figures } from '../bench-case.js';

const ATTEMPTS = 5_000;
const SLOTS = 4;

/** Each kind of executor alone. */
export const executors: BenchCase = {
  title: `attempts that do nothing, by kind of executor, ${SLOTS} at a time: from work order to output`,
  rounds: 5,
  contestants: ({ tasks = ATTEMPTS }) => [
    {
      name: 'agent-daemon',
      measure: async (directory) => {
        const { executors: benched, close } = await benchedExecutors(directory, SLOTS, tasks);
        const figures: Record<string, number> = {};
        for (const one of benched) {
          const { perSecond, cpuUs } = await measureExecutor(one, directory, SLOTS);
          figures[`${one.name}, attempts/s`] = perSecond;
          figures[`${one.name}, daemon's processor us/attempt`] = cpuUs;
        }
        await close();
        return figures satisfies Figures;
      },
    },
  ],
};
