import type { Gate, Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { Random } from '../chaos/random.js';

/** Right work is a text that begins so. */
export const RIGHT = 'right';
/** One object for all plans, so that it is compiled once. */
const SCHEMA = { type: 'string', pattern: `^${RIGHT}` };
export const REVIEW_TYPE = 'review';

const MAX_TASKS = 7;

function gatesOf(random: Random): readonly Gate[] {
  const schema: Gate = { kind: 'schema', schema: SCHEMA };
  const dice = random.fraction();
  if (dice < 0.6) return [schema];
  if (dice < 0.75) return [{ kind: 'quorum', of: 3, agree: 2 }];
  if (dice < 0.88) return [schema, { kind: 'agent', type: REVIEW_TYPE, price: 3n, deadlineMs: 20_000 }];
  if (dice < 0.94) return [schema, { kind: 'human' }];
  return [{ kind: 'none' }];
}

function taskOf(random: Random, index: number): PlanTask {
  const dependsOn = Array.from({ length: random.whole(0, 2) }, () => random.whole(0, Math.max(0, index - 1)))
    .filter((other) => other < index)
    .map((other) => `t${other}`);
  const [first] = dependsOn;
  return {
    id: `t${index}`,
    sequence: 's0',
    type: 'work',
    agent: undefined,
    dependsOn: [...new Set(dependsOn)],
    input: first !== undefined && random.chance(0.5) ? { from: { $output: first } } : { index },
    price: BigInt(random.chance(0.1) ? 0 : random.whole(1, 50)),
    deadlineMs: random.whole(8, 45) * 1_000,
    attempts: random.whole(2, 3),
    retry: random.pick(['any', 'any', 'same', 'elsewhere'] as const),
    guard: random.chance(0.25),
    gates: gatesOf(random),
    saveAs: undefined,
  };
}

/** A small plan with all kinds of gates, dependencies, prices and sometimes not quite enough money. */
export function planFrom(random: Random): Plan {
  const tasks = Array.from({ length: random.whole(1, MAX_TASKS) }, (_, index) => taskOf(random, index));
  const total = tasks.reduce((sum, { price }) => sum + price, 0n);
  const maxTotal = random.chance(0.1) ? (total * 3n) / 4n : undefined;
  const text = JSON.stringify([tasks, maxTotal], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  const digest = sha256(text);
  return {
    name: `simulated ${digest.slice(0, 8)}`,
    sequences: [{ id: 's0', after: [] }],
    tasks,
    maxTotal,
    maxFeesUsd: undefined,
    digest,
  };
}
