import { LearntNames, type TaskNames } from '@gatepost/shared/records/task-names';
import type { Plan } from '../plan/plan.js';
import { taskNamesOf } from '../plan/task-numbers.js';
import type { AnyEntry, RunHistory } from './history.js';

/**
 * Records name tasks by numbers. Which task a number stands for the plan tells; without it the first assignment that the
 * run's coordinator gave under the number does, and one that gives it to another task is of no task.
 * @param assigned what the inboxes say, in consensus order.
 * @param plans those that are known.
 */
export function namesByRun(
  runs: ReadonlyMap<string, RunHistory>,
  assigned: Iterable<AnyEntry>,
  plans: readonly Plan[],
): ReadonlyMap<string, TaskNames> {
  const learnt = new Map([...runs.keys()].map((run) => [run, new LearntNames()]));
  for (const { run, author, record } of assigned) {
    if (record.type !== 'assign' || run === undefined || runs.get(run)?.coordinator !== author) continue;
    learnt.get(run)?.learn(record.task, record.numbered);
  }
  const names = new Map<string, TaskNames>(learnt);
  const known = new Map(plans.map((plan) => [plan.digest as string, taskNamesOf(plan)]));
  for (const { run, opened } of runs.values()) {
    const ofPlan = known.get(opened.record.plan_sha256);
    if (ofPlan !== undefined) names.set(run, ofPlan);
  }
  return names;
}
