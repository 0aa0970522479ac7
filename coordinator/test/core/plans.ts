import type { Gate, Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import fc from 'fast-check';

/** A task with defaults, for tests. */
export const taskOf = (id: string, change: Partial<PlanTask> = {}): PlanTask => ({
  id,
  sequence: 's0',
  type: 'work',
  agent: undefined,
  dependsOn: [],
  input: null,
  price: 10n,
  deadlineMs: 60_000,
  attempts: 2,
  retry: 'any',
  guard: false,
  gates: [{ kind: 'command', argv: ['true'], timeoutMs: 1_000 }],
  saveAs: undefined,
  ...change,
});

/** A plan of tasks; sequences follow one another in the order of their names. */
export function planOf(tasks: readonly PlanTask[], change: Partial<Plan> = {}): Plan {
  const ids = [...new Set(tasks.map(({ sequence }) => sequence))].sort();
  const sequences = ids.map((id, index) => ({ id, after: ids.slice(Math.max(0, index - 1), index) }));
  const text = JSON.stringify(tasks, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
  const digest = sha256(text);
  return {
    name: `plan ${digest.slice(0, 8)}`,
    sequences,
    tasks,
    maxTotal: undefined,
    maxFeesUsd: undefined,
    digest,
    ...change,
  };
}

const COMMAND: Gate = { kind: 'command', argv: ['true'], timeoutMs: 1_000 };
const gates = fc.oneof(
  { weight: 6, arbitrary: fc.constant<readonly Gate[]>([COMMAND]) },
  { weight: 2, arbitrary: fc.constant<readonly Gate[]>([{ kind: 'quorum', of: 3, agree: 2 }]) },
  {
    weight: 2,
    arbitrary: fc.constant<readonly Gate[]>([
      COMMAND,
      { kind: 'agent', type: 'review', price: 3n, deadlineMs: 60_000 },
    ]),
  },
  { weight: 1, arbitrary: fc.constant<readonly Gate[]>([{ kind: 'human' }]) },
  { weight: 1, arbitrary: fc.constant<readonly Gate[]>([{ kind: 'none' }]) },
);

/** Random plans: several sequences, dependencies on earlier tasks, all kinds of gates, prices, attempts and budgets. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    tasks: fc.array(
      fc.record({
        sequence: fc.nat({ max: 2 }),
        depends: fc.array(fc.nat({ max: 30 }), { maxLength: 3 }),
        price: fc.nat({ max: 50 }),
        attempts: fc.integer({ min: 1, max: 3 }),
        retry: fc.constantFrom('any', 'same', 'elsewhere'),
        type: fc.constantFrom('work', 'work', 'work', 'other'),
        gates,
        guard: fc.boolean(),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    tight: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ tasks, tight }) => {
    const ordered = [...tasks].sort((a, b) => a.sequence - b.sequence);
    const made = ordered.map((task, index) =>
      taskOf(`t${index}`, {
        sequence: `s${task.sequence}`,
        type: task.type,
        dependsOn: [...new Set(task.depends.filter((other) => other < index).map((other) => `t${other}`))],
        price: BigInt(task.price),
        attempts: task.attempts,
        retry: task.retry as PlanTask['retry'],
        gates: task.gates,
        guard: task.guard,
      }),
    );
    const total = made.reduce((sum, { price }) => sum + price, 0n);
    // One plan in six has not quite enough money.
    return planOf(made, { maxTotal: tight === 0 ? (total * 3n) / 4n : undefined });
  });
