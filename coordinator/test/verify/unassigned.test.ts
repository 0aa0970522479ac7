import type { Plan } from '@gatepost/rules/plan/plan';
import { verify } from '@gatepost/rules/verify/verify';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from '../core/plans.js';
import { Simulation } from '../core/simulation.js';
import { simulatedEvidence } from './simulated.js';

const QUORUM = { gates: [{ kind: 'quorum', of: 3, agree: 2 }] } as const;

/** Audits a simulated run in which an attempt is given up before anybody was asked. */
function expectToHold(plan: Plan, gate: string, during: (simulation: Simulation) => void = () => undefined): void {
  const simulation = new Simulation({ plan, seed: 3 });
  while (!simulation.state.opened) simulation.step();
  during(simulation);
  simulation.run();
  const assigned = new Set(
    simulation.records.flatMap(({ record }) => (record.type === 'assign' ? [`${record.task}#${record.attempt}`] : [])),
  );
  const givenUp = simulation.records.filter(
    ({ record }) =>
      record.type === 'verdict' && record.gate === gate && !assigned.has(`${record.task}#${record.attempt}`),
  );
  expect(givenUp.length).toBeGreaterThan(0);
  for (const options of [{}, { plan }]) {
    const report = verify(simulatedEvidence(simulation), options);
    expect(report.findings).toEqual([]);
    expect(report.holds).toBe(true);
  }
}

describe('a verdict on an attempt that was never assigned is no violation', () => {
  it('when the budget does not allow it', () => {
    expectToHold(planOf([taskOf('a'), taskOf('b'), taskOf('c', QUORUM)], { maxTotal: 25n }), 'budget');
  });

  it('when no agent can be had', () => {
    expectToHold(planOf([taskOf('a'), taskOf('b', { type: 'rare' })]), 'unassignable');
  });

  it('when fewer agents can be had than a quorum has members', () => {
    const plan = planOf([taskOf('a', { gates: [{ kind: 'quorum', of: 5, agree: 5 }] })]);
    expectToHold(plan, 'unassignable');
  });

  it('when no reviewer can be had', () => {
    const review = { kind: 'agent', type: 'rare', price: 3n, deadlineMs: 60_000 } as const;
    expectToHold(planOf([taskOf('a', { gates: [review] }), taskOf('b')]), 'unassignable');
  });

  it('when a person cancels a task that waits', () => {
    const plan = planOf([taskOf('a'), taskOf('b', { dependsOn: ['a'] }), taskOf('c', { sequence: 's1' })]);
    expectToHold(plan, 'cancelled', (simulation) => simulation.cancel('b', 'no longer wanted'));
  });
});
