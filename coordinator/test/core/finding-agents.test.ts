import { keyOf } from '@gatepost/rules/run/attempt';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { replay, Simulation } from './simulation.js';

const NONE = [{ kind: 'none' as const }];
const tasks = (count: number, change = {}) =>
  planOf(Array.from({ length: count }, (_, index) => taskOf(`t${index}`, { gates: NONE, ...change })));

describe('a task whose only capable agent', () => {
  it.each(['offline', 'lapsed'] as const)('is %s fails when it has waited long enough, and says why', (how) => {
    const simulation = new Simulation({ plan: tasks(1), seed: 1, agents: 1, limits: { agentWaitMs: 20_000 } });
    simulation.leave(0, how);
    const beganMs = simulation.nowMs;
    simulation.run();
    expect(simulation.state.closed).toBe('failed');
    expect(simulation.nowMs - beganMs).toBeLessThan(25_000);
    const reason = simulation.state.tasks.get('t0')?.reason;
    expect(reason).toMatch(/^unassignable: no agent with capability work was reachable for 2\ds/);
  });

  it('is gone is told of while it is waited for, with what helps', () => {
    const simulation = new Simulation({ plan: tasks(3), seed: 1, agents: 1 });
    simulation.leave(0, 'offline');
    while (!simulation.state.opened) simulation.step();
    expect(simulation.unserved()).toEqual([
      {
        kind: 'agent',
        whom: 'an agent that offers work',
        what: 'for task t0: 0.0.1000 is offline (told to); start one that can do it: it fails when nobody came for 1m',
      },
    ]);
  });

  it('never came is told of as well', () => {
    const simulation = new Simulation({ plan: tasks(1, { type: 'unknown' }), seed: 1 });
    while (!simulation.state.opened) simulation.step();
    expect(simulation.unserved()[0]?.what).toContain('nobody offers it');
  });

  it('is busy is not told of: it is no wait without an end', () => {
    const simulation = new Simulation({ plan: tasks(50), seed: 1, agents: 1, slots: 1 });
    for (let step = 0; step < 30; step += 1) simulation.step();
    expect(simulation.state.openAttempts).toBe(1);
    expect(simulation.unserved()).toEqual([]);
  });

  it('went away with it is told of with the time until which it may come back', () => {
    const simulation = new Simulation({ plan: tasks(1, { deadlineMs: 600_000 }), seed: 1, agents: 1, silent: 1 });
    while (simulation.state.openAttempts === 0) simulation.step();
    simulation.leave(0, 'offline');
    expect(simulation.unserved()[0]?.what).toMatch(/0\.0\.1000 is offline \(told to\) and has it until 20..-/);
  });
});

describe('hosts that fail at once', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('one beside one that works: every task is done (seed %i)', (seed) => {
    const simulation = new Simulation({ plan: tasks(20), seed, agents: 2, broken: 1 }).run();
    expect(simulation.state.closed).toBe('complete');
    expect(stateDigest(replay(simulation))).toBe(stateDigest(simulation.state));
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('three beside one that works: every task is done (seed %i)', (seed) => {
    const simulation = new Simulation({ plan: tasks(60, { attempts: 4 }), seed, agents: 4, broken: 3 }).run(100_000);
    expect(simulation.state.closed).toBe('complete');
  });

  it('get few attempts of a long run', () => {
    const simulation = new Simulation({ plan: tasks(400), seed: 5, agents: 2, broken: 1 }).run(100_000);
    const failed = [...simulation.state.tasks.values()].flatMap(({ attempts }) =>
      attempts.filter(({ result }) => result?.ok === false),
    );
    expect(simulation.state.closed).toBe('complete');
    expect(failed.length).toBeLessThan(20);
  });

  it('are asked all the same when there is nobody else, and without pauses', () => {
    const simulation = new Simulation({ plan: tasks(40), seed: 2, agents: 2, broken: 2 });
    const beganMs = simulation.nowMs;
    simulation.run();
    expect(simulation.state.closed).toBe('failed');
    for (const { attempts } of simulation.state.tasks.values()) expect(attempts).toHaveLength(2);
    expect(simulation.nowMs - beganMs).toBeLessThan(120_000);
  });
});

describe('an input', () => {
  const largeInputs = new Map([['t0', 2_000]]);

  it('that no agent takes fails its task at once, and says the size and the bound', () => {
    const simulation = new Simulation({ plan: tasks(1), seed: 1, agents: 2, largeInputs, maxInputBytes: [900, 1_000] });
    const beganMs = simulation.nowMs;
    simulation.run();
    expect(simulation.nowMs - beganMs).toBeLessThan(5_000);
    expect(simulation.state.tasks.get('t0')).toMatchObject({
      status: 'failed',
      reason: 'unassignable: its input has 2000 bytes; no agent that offers work takes more than 1000',
    });
  });

  it('that some agent takes goes to that one', () => {
    const maxInputBytes = [900, 1_000, 2_000, 1_000];
    const simulation = new Simulation({ plan: tasks(1), seed: 1, largeInputs, maxInputBytes }).run();
    expect(simulation.state.closed).toBe('complete');
    expect(simulation.state.tasks.get('t0')?.attempts.map(({ agent }) => agent)).toEqual(['0.0.1002']);
  });

  it('that only an agent takes that is away is waited for like any other', () => {
    const options = { largeInputs, maxInputBytes: [900, 5_000], limits: { agentWaitMs: 20_000 } };
    const simulation = new Simulation({ plan: tasks(1), seed: 1, agents: 2, ...options });
    simulation.leave(1, 'offline');
    const beganMs = simulation.nowMs;
    simulation.run();
    expect(simulation.state.tasks.get('t0')?.reason).toContain('besides 0.0.1000 was reachable for');
    expect(simulation.nowMs - beganMs).toBeLessThan(25_000);
  });
});

it('an attempt that its agent refuses for good is not waited for until its deadline', () => {
  const plan = tasks(1, { deadlineMs: 3_600_000, attempts: 1 });
  const simulation = new Simulation({ plan, seed: 1, agents: 1, silent: 1 });
  while (simulation.state.openAttempts === 0) simulation.step();
  const beganMs = simulation.nowMs;
  simulation.declined.set(keyOf('t0', 1), { task: 't0', attempt: 1, reason: 'the digest differs' });
  simulation.run();
  expect(simulation.nowMs - beganMs).toBeLessThan(5_000);
  expect(simulation.state.tasks.get('t0')?.reason).toContain('0.0.1000 does not take it: the digest differs');
});
