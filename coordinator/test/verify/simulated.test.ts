import type { RuleId } from '@gatepost/coordinator/core/verify/rules';
import { verify } from '@gatepost/coordinator/core/verify/verify';
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

/**
 * What the coordinator does not prevent yet, and `verify` is right to report: a reviewer that is lost may be replaced by
 * the agent whose work it reviews, and after a kill one agent may become two members of a quorum.
 */
const NOT_PREVENTED: ReadonlySet<RuleId> = new Set(['review-by-worker', 'quorum-disagrees']);

function expectToHold(options: SimulationOptions): void {
  const simulation = new Simulation(options);
  try {
    simulation.run();
  } catch (error) {
    // A run that never ends is the simulation's own concern; what it did until then has to hold all the same.
    if (!String(error).includes('not closed')) throw error;
  }
  const report = verify(simulatedEvidence(simulation), { plan: options.plan });
  expect(report.findings.filter(({ rule }) => !NOT_PREVENTED.has(rule))).toEqual([]);
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
