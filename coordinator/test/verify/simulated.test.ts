import { verify } from '@gatepost/rules/verify/verify';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyPlan } from '../core/plans.js';
import { Simulation, type SimulationOptions } from '../core/simulation.js';
import { simulatedEvidence } from './simulated.js';

const troubles = fc.record({
  seed: fc.nat(),
  silent: fc.constantFrom(0, 0.1),
  failing: fc.constantFrom(0, 0.2),
  wrong: fc.constantFrom(0, 0.3),
  dying: fc.constantFrom(0, 0, 0.4),
});

function expectToHold(options: SimulationOptions): void {
  const simulation = new Simulation(options).run();
  const report = verify(simulatedEvidence(simulation), { plan: options.plan });
  expect(report.findings).toEqual([]);
  expect(report.runs).toHaveLength(1);
}

it('every rule holds for what the coordinator does, whatever the plan and the trouble', () => {
  fc.assert(
    fc.property(anyPlan, troubles, (plan, trouble) => expectToHold({ plan, ...trouble })),
    { numRuns: 300, endOnFailure: true },
  );
}, 120_000);

it('every rule holds for a coordinator that is killed again and again', () => {
  fc.assert(
    fc.property(anyPlan, troubles, fc.integer({ min: 3, max: 40 }), (plan, trouble, killEvery) =>
      expectToHold({ plan, ...trouble, silent: 0, killEvery }),
    ),
    { numRuns: 300, endOnFailure: true },
  );
}, 120_000);
