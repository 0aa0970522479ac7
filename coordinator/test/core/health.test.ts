import { judge, type SessionObservation } from '@gatepost/coordinator/core/decide/health';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLooks } from './count-looks.js';
import { planOf, taskOf } from './plans.js';
import { replay, Simulation } from './simulation.js';

const agent = (change: Partial<AgentState> = {}): AgentState => ({
  account: accountId('0.0.1000'),
  life: 'online',
  session: 's',
  inbox: topicId('0.0.2000'),
  address: '127.0.0.1:1',
  certSha256: undefined,
  capabilities: new Set(['work']),
  slots: 1,
  reason: undefined,
  since: 0n,
  open: new Set(),
  busy: 0,
  losses: 0,
  lastLossMs: 0,
  failures: 0,
  lastFailureMs: 0,
  assigned: 0,
  ...change,
});

const session = (change: Partial<SessionObservation> = {}): SessionObservation => ({
  connected: true,
  lastHeardMs: 100_000,
  watchingSinceMs: 0,
  heartbeatMs: 2_000,
  trouble: undefined,
  ...change,
});

const limits = { lossGraceMs: 5_000 };
const healthAt = (nowMs: number, seen: SessionObservation | undefined, of = agent()) =>
  judge(of, seen, nowMs, limits).health;

describe('judging an agent', () => {
  it.each([
    ['a beat just now', 100_000, session(), 'alive'],
    ['two beats missed', 104_001, session(), 'suspect'],
    ['two beats and the grace', 109_001, session(), 'lost'],
    ['a broken stream', 101_000, session({ connected: false, trouble: 'reset' }), 'suspect'],
    ['a stream broken for long', 109_001, session({ connected: false, trouble: 'reset' }), 'lost'],
    ['no session at all', 500_000, undefined, 'suspect'],
  ] as const)('%s', (_what, nowMs, seen, health) => {
    expect(healthAt(nowMs, seen)).toBe(health);
  });

  it('what the ledger says of its end counts at once', () => {
    expect(healthAt(100_000, session(), agent({ life: 'lapsed' }))).toBe('lapsed');
    expect(healthAt(100_000, session(), agent({ life: 'offline' }))).toBe('offline');
  });

  it('silence while this process was itself away is no evidence', () => {
    const away = session({ lastHeardMs: 100_000, watchingSinceMs: 900_000 });
    expect(healthAt(901_000, away)).toBe('alive');
  });

  it('never takes work away earlier than two beats and the grace after it began to watch and last heard something', () => {
    const observed = fc.record({
      connected: fc.boolean(),
      heard: fc.nat({ max: 100_000 }),
      watching: fc.nat({ max: 100_000 }),
    });
    fc.assert(
      fc.property(observed, fc.nat({ max: 9_000 }), ({ connected, heard, watching }, later) => {
        const nowMs = Math.max(heard, watching) + later;
        const health = healthAt(nowMs, session({ connected, lastHeardMs: heard, watchingSinceMs: watching }));
        expect(health).not.toBe('lost');
      }),
    );
  });
});

it('1,000 agents of which many die: every lost attempt is reassigned, none is paid twice', { timeout: 120_000 }, () => {
  const gates = [{ kind: 'none' as const }];
  const plan = planOf(
    Array.from({ length: 3_000 }, (_, index) => taskOf(`t${index}`, { gates, deadlineMs: 600_000, attempts: 1 })),
  );
  const simulation = new Simulation({ plan, seed: 7, agents: 1_000, slots: 2, dying: 0.3, batchMs: 100 }).run(
    1_000_000,
  );
  expect(simulation.state.closed).toBe('complete');
  expect(simulation.state.paid).toBe(30_000n);
  let lost = 0;
  for (const { attempts, spec } of simulation.state.tasks.values()) {
    expect(
      attempts.filter(({ payment }) => payment !== undefined),
      spec.id,
    ).toHaveLength(1);
    // Each attempt that was lost is followed by one other: all but the last were superseded.
    expect(attempts.map(({ superseded }) => superseded)).toEqual(
      attempts.map((_, index) => index < attempts.length - 1),
    );
    lost += attempts.length - 1;
    for (const { number, result } of attempts.slice(0, -1)) expect(result, `${spec.id}#${number}`).toBeUndefined();
  }
  expect(lost).toBeGreaterThan(20);
});

it('a lost member of a quorum is replaced at once, by an agent that has no part in it', () => {
  const gates = [{ kind: 'quorum' as const, of: 3, agree: 3 }];
  const plan = planOf(
    Array.from({ length: 60 }, (_, index) => taskOf(`t${index}`, { gates, deadlineMs: 3_600_000, attempts: 1 })),
  );
  const simulation = new Simulation({ plan, seed: 11, agents: 40, slots: 4, dying: 0.4 });
  const began = simulation.nowMs;
  simulation.run(200_000);
  expect(simulation.state.closed).toBe('complete');
  // Nobody waited for a deadline.
  expect(simulation.nowMs - began).toBeLessThan(3_600_000);
  let lost = 0;
  for (const { attempts } of simulation.state.tasks.values()) {
    const accepted = attempts.filter(({ verdict }) => verdict?.accepted === true);
    expect(accepted).toHaveLength(3);
    expect(new Set(attempts.map(({ agent }) => agent)).size).toBe(attempts.length);
    const others = attempts.filter((attempt) => !accepted.includes(attempt));
    for (const { verdict, payment } of others) expect([verdict?.gate, payment]).toEqual(['lost', undefined]);
    lost += others.length;
  }
  expect(lost).toBeGreaterThan(0);
  expect(stateDigest(replay(simulation))).toBe(stateDigest(simulation.state));
});

/** How often agents are looked at while each of so many is given work, half of them die, and that is given to others. */
function looksAtAgents(agents: number): number {
  const gates = [{ kind: 'none' as const }];
  const plan = planOf(
    Array.from({ length: agents * 2 }, (_, index) => taskOf(`t${index}`, { gates, deadlineMs: 3_600_000 })),
  );
  const simulation = new Simulation({ plan, seed: 5, agents, slots: 4, silent: 1, dying: 0.5, batchMs: 1_000 });
  while (!simulation.state.opened) simulation.step();
  const looks = countLooks(simulation.state.agents);
  const assigned = () => simulation.tick().filter(({ kind }) => kind === 'assign').length;
  expect(assigned()).toBe(agents * 2);
  const given = looks();
  for (let step = 0; step < 10; step += 1) simulation.step();
  simulation.nowMs += 600_000;
  const before = looks();
  expect(assigned()).toBeGreaterThan(agents / 2);
  return given + looks() - before;
}

it('a decision over four times the agents and lost attempts looks four times as often at an agent', () => {
  const [few, many] = [looksAtAgents(500), looksAtAgents(2_000)];
  expect(many, `${few} looks for 500, ${many} for 2,000`).toBeLessThan(few * 5);
});

it('an agent that comes and goes gets work less and less often: no storm of reassignments', () => {
  const gates = [{ kind: 'none' as const }];
  const plan = planOf([taskOf('t', { gates, deadlineMs: 3_600_000, attempts: 1 })]);
  const simulation = new Simulation({
    plan,
    seed: 3,
    agents: 2,
    silent: 1,
    flapping: true,
    limits: { reassignments: 1_000 },
  });
  const end = simulation.nowMs + 3_600_000;
  while (simulation.nowMs < end) simulation.step();
  const attempts = simulation.state.tasks.get('t')?.attempts.length ?? 0;
  expect(attempts).toBeGreaterThan(3);
  // Two agents, each with pauses that double from 5 s to 10 min within the hour.
  expect(attempts).toBeLessThan(2 * 16);
});
