import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCase } from '../bench-case.js';
import { forkBeside, nextMessage } from '../child.js';
import { independentTasks } from '../plans.js';

const TASKS = 100_000;

/** A large plan, written as JSON. */
export const largePlan: BenchCase = {
  title: 'a large plan as JSON, loaded by a process of its own',
  rounds: 5,
  contestants: ({ tasks = TASKS }) => [
    {
      name: 'gatepost',
      measure: async (directory) => {
        const file = join(directory, 'plan.json');
        writeFileSync(file, JSON.stringify(independentTasks(tasks)));
        const told = await nextMessage<{ loadMs: number; stateMs: number; peakMib: number }>(
          forkBeside('./load-plan.js', [file]),
        );
        return { 'load, ms': told.loadMs, 'state of a run, ms': told.stateMs, 'peak MiB': told.peakMib };
      },
    },
  ],
};
