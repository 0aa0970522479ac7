import { decide } from '@gatepost/coordinator/core/decide/decide';
import { DEFAULT_LIMITS } from '@gatepost/coordinator/core/decide/limits';
import { InFlight } from '@gatepost/coordinator/core/effects/in-flight';
import { reduce } from '@gatepost/rules/fold/reduce';
import { emptyState } from '@gatepost/rules/run/run-state';
import { expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { Simulation } from './simulation.js';

/** A run in which work was accepted and not yet paid, as a process finds it that begins now. */
function unpaid() {
  const simulation = new Simulation({ plan: planOf([taskOf('t0'), taskOf('t1')]), seed: 1 }).run();
  const state = emptyState(simulation.context);
  const upTo = simulation.records.findIndex(({ record }) => record.type === 'settled');
  for (const entry of simulation.records.slice(0, upTo)) reduce(state, entry);
  expect(state.payable.size).toBeGreaterThan(0);
  return { state, nowMs: simulation.nowMs };
}

const decided = (instance: string, begun: boolean) => {
  const { state, nowMs } = unpaid();
  const seen = {
    instance,
    begun,
    startedMs: nowMs,
    inFlight: new InFlight(),
    sessions: new Map(),
    gated: new Map(),
    inputTrouble: new Map(),
    largeInputs: new Map(),
    declined: new Map(),
    feesUsd: 0,
  };
  return decide(state, nowMs + 60_000, seen, DEFAULT_LIMITS).map(({ kind }) => kind);
};

it('a process that takes a run over pays nothing before it has read its own epoch', () => {
  expect(decided('instance-1', true)).toContain('settle');
  expect(decided('a successor', false)).toEqual([]);
});
