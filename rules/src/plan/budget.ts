import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { PlanTask } from './plan.js';

/** What a task can cost, in the token's smallest unit. */
export interface TaskCost {
  /** For the work: the price, times the number of agents that may agree. */
  readonly work: TokenAmount;
  /** For one round of reviews. */
  readonly reviews: TokenAmount;
}

/** The cost of a task when its first attempt is accepted, and by every member of its quorum. */
export function taskCost(task: Pick<PlanTask, 'price' | 'gates'>): TaskCost {
  let work = task.price;
  let reviews = 0n;
  for (const gate of task.gates) {
    if (gate.kind === 'quorum') work *= BigInt(gate.of);
    if (gate.kind === 'agent') reviews += gate.price;
  }
  return { work, reviews };
}

/** The cost of a whole plan, every result accepted at once. */
export function planCost(tasks: readonly Pick<PlanTask, 'price' | 'gates'>[]): TokenAmount {
  let total = 0n;
  for (const task of tasks) {
    const { work, reviews } = taskCost(task);
    total += work + reviews;
  }
  return total;
}
