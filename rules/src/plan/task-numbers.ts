import { namesOf, type TaskNames } from '@gatepost/shared/records/task-names';
import type { Plan } from './plan.js';

const known = new WeakMap<Plan, TaskNames>();

/** How the records of a plan's runs number its tasks: from 1, in the order of the compiled plan, which its digest covers. */
export function taskNamesOf(plan: Plan): TaskNames {
  const before = known.get(plan);
  if (before !== undefined) return before;
  const names = namesOf(plan.tasks.map(({ id }) => id));
  known.set(plan, names);
  return names;
}
