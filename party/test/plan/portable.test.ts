import { join } from 'node:path';
import { schemaProblems } from '@gatepost/party/plan/json-schema';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { planDigest } from '@gatepost/rules/plan/digest';
import type { Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { compilePortable, portablePlan } from '@gatepost/rules/plan/source';
import { jsonDigest } from '@gatepost/shared/vocabulary/digest';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyPlan } from '../../../coordinator/test/core/plans.js';
import { planOf } from './temp-dir.js';

/** As it goes from one process to another. */
function handedOver(plan: Plan) {
  const bytes = JSON.stringify(portablePlan(plan));
  return compilePortable(JSON.parse(bytes), schemaProblems());
}

/** Of the canonical JSON of what a plan says, amounts as decimal text, absent values left out. */
function plainDigest({ digest, ...plan }: Plan): string {
  const tasks = plan.tasks.map(({ guard, ...task }: PlanTask) => (guard ? { ...task, guard } : task));
  const text = JSON.stringify({ ...plan, tasks }, (_key, value) => (typeof value === 'bigint' ? `${value}` : value));
  return jsonDigest(JSON.parse(text));
}

it.each(['coding.yaml', 'dependency-audit.yaml', 'rejected-then-paid.yaml'])(
  '%s has the same digest at the other party',
  (file) => {
    const plan = loadPlan(join(import.meta.dirname, '../../../examples', file));
    expect(handedOver(plan)).toEqual({ plan });
  },
);

it('a plan with everything in it has the same digest at the other party', () => {
  const plan = planOf(`name: all of it
budget: {max_total: "9223372036854775807", max_fees_usd: 0.25}
defaults: {deadline: 30d, attempts: 7, price: 12}
sequences:
  - id: one
    tasks:
      - {id: a, type: work, agent: 0.0.12, gate: none, guard: true, save_as: out/a.txt, input: {deep: [1, 2.5, null]}}
      - {id: b, type: work, retry: same, deadline: 1500ms, gate: [{schema: {type: object}}, {command: [test, -n], timeout: 999999999ms}]}
  - id: two
    after: []
    tasks:
      - {id: c, type: work, depends_on: [b], input: {$output: a, pointer: /x}, gate: [human, {agent: {type: review, price: 3, deadline: 5m}}]}
      - {id: d, type: work, gate: {quorum: {of: 3, agree: 2}}}
      - {id: e, type: work, gate: {schema: {type: object}}}
`);
  expect(handedOver(plan)).toEqual({ plan });
  expect(plan.digest).toBe(plainDigest(plan));
});

it('any plan has the same digest at the other party', () => {
  fc.assert(
    fc.property(anyPlan, (any) => {
      // No plan file has a budget below its prices.
      const plan = { ...any, maxTotal: undefined };
      const digest = planDigest(plan);
      expect(digest).toBe(plainDigest(plan));
      expect(handedOver(plan)).toMatchObject({ plan: { digest } });
    }),
    { numRuns: 200 },
  );
});

it('what is no plan is told as such, and never throws', () => {
  for (const plan of [null, 3, [], {}, { name: 'x', sequences: [{ id: 'a', tasks: [{}] }] }]) {
    expect(compilePortable({ plan, schemas: [] }, schemaProblems())).toHaveProperty('problems');
  }
  const [task] = [{ id: 'a', type: 't', gate: { schema: '7' } }];
  const named = { name: 'x', sequences: [{ id: 's', tasks: [task] }] };
  expect(JSON.stringify(compilePortable({ plan: named, schemas: [] }, schemaProblems()))).toContain('no schema');
});
