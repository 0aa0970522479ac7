import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type LeaseCommand,
  type LeaseInput,
  leaseLifeMs,
  NO_LEASES,
  planLeases,
  usdPerDay,
} from '../../src/core/lease-planner.js';
import { done, never, refused, schedule } from '../support/outcomes.js';

const POLICY = { intervalMs: 30_000, idleIntervalMs: 600_000 };

const createOutcome = (number: number, outcome: Outcome): LeaseInput => ({ type: 'create_outcome', number, outcome });
const deleteOutcome = (number: number, outcome: Outcome): LeaseInput => ({ type: 'delete_outcome', number, outcome });

interface Day {
  readonly created: number;
  readonly deleted: number;
  /** Least and most leases alive on the ledger after the first one. */
  readonly least: number;
  readonly most: number;
  readonly announced: number;
  /** Death notices that the ledger posted. */
  readonly lapsed: number;
}

/** A ledger that answers after a while or not at all, and an agent that follows the plan. */
function simulate(hours: number, busyAt: (ms: number) => boolean, fails: (ms: number) => boolean = () => false): Day {
  const live = new Map<number, number>();
  let state = NO_LEASES;
  let nowMs = 0;
  let wakeAtMs: number | undefined = 0;
  let pending: { at: number; input: LeaseInput }[] = [];
  const day = { created: 0, deleted: 0, least: Number.POSITIVE_INFINITY, most: 0, announced: 0, lapsed: 0 };
  const perform = (command: LeaseCommand) => {
    const at = nowMs + 3_000;
    if (command.do === 'announce_again') day.announced += 1;
    else if (command.do === 'create') {
      if (fails(nowMs)) pending.push({ at, input: createOutcome(command.number, never()) });
      else {
        day.created += 1;
        live.set(command.number, command.expiresAtMs);
        pending.push({ at, input: createOutcome(command.number, done(command.number)) });
      }
    } else if (fails(nowMs)) pending.push({ at, input: deleteOutcome(command.number, never()) });
    else {
      day.deleted += 1;
      live.delete(command.number);
      pending.push({ at, input: deleteOutcome(command.number, done()) });
    }
  };
  const give = (input: LeaseInput) => {
    const plan = planLeases(state, input, POLICY, { nowMs, busy: busyAt(nowMs), jitter: 1, hears: true });
    state = plan.state;
    wakeAtMs = plan.wakeAtMs;
    for (const command of plan.commands) perform(command);
  };
  for (; nowMs < hours * 3_600_000; nowMs += 1_000) {
    const due = pending.filter(({ at }) => at <= nowMs);
    pending = pending.filter(({ at }) => at > nowMs);
    for (const { input } of due) give(input);
    if (wakeAtMs !== undefined && nowMs >= wakeAtMs) give({ type: 'tick' });
    for (const [number, expiresAtMs] of live) if (expiresAtMs <= nowMs && live.delete(number)) day.lapsed += 1;
    if (day.created > 0) day.least = Math.min(day.least, live.size);
    day.most = Math.max(day.most, live.size);
  }
  return day;
}

describe('leases of a healthy agent', () => {
  it('are renewed for what doctor predicts: busy for a day', () => {
    const day = simulate(24, () => true);
    expect(day.created).toBe(86_400_000 / 30_000);
    expect(day.created * 0.011).toBeCloseTo(usdPerDay(30_000), 1);
    expect(day).toMatchObject({ least: 1, most: 2, announced: 0 });
  });

  it('are renewed for what doctor predicts: idle for a day', () => {
    const day = simulate(24, () => false);
    expect(day.created).toBe(144);
    expect(usdPerDay(600_000)).toBeCloseTo(1.58, 2);
    expect(day).toMatchObject({ least: 1, most: 2 });
  });

  it('are never none and never more than two, however the load changes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 600 }), { minLength: 1, maxLength: 40 }), (spans) => {
        let at = 0;
        const changes = spans.map((span) => {
          at += span * 1_000;
          return at;
        });
        const busyAt = (ms: number) => changes.filter((at) => at <= ms).length % 2 === 1;
        const day = simulate(2, busyAt);
        expect(day.least).toBe(1);
        expect(day.most).toBeLessThanOrEqual(2);
      }),
      { numRuns: 30 },
    );
  });

  it('become short as soon as work begins under a long one', () => {
    const idle = planLeases(NO_LEASES, { type: 'tick' }, POLICY, { nowMs: 0, busy: false, jitter: 0, hears: true });
    const made = planLeases(idle.state, createOutcome(1, done(1)), POLICY, {
      nowMs: 1_000,
      busy: false,
      jitter: 0,
      hears: true,
    });
    const busy = planLeases(made.state, { type: 'tick' }, POLICY, { nowMs: 2_000, busy: true, jitter: 0, hears: true });
    expect(busy.commands).toEqual([{ do: 'create', number: 2, expiresAtMs: 2_000 + leaseLifeMs(30_000) }]);
  });
});

describe('when the ledger', () => {
  it('is away longer than leases live, the agent says that it is online as often as the ledger said that it is gone', () => {
    const day = simulate(
      1,
      () => true,
      (ms) => ms > 600_000 && ms < 900_000,
    );
    expect(day.lapsed).toBe(2);
    expect(day.announced).toBe(day.lapsed);
    expect(day.most).toBeLessThanOrEqual(2);
  });

  it('has no room in a second, the next one is asked for at once', () => {
    const at = { nowMs: 0, busy: true, jitter: 0, hears: true };
    const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, at);
    const again = planLeases(first.state, createOutcome(1, refused('SCHEDULE_EXPIRY_IS_BUSY')), POLICY, at);
    expect(again.commands).toEqual([{ do: 'create', number: 2, expiresAtMs: leaseLifeMs(30_000) + 1_000 }]);
  });

  it('is asked to stop, everything is deleted, also what is created meanwhile', () => {
    const at = { nowMs: 0, busy: true, jitter: 0, hears: true };
    const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, at);
    const stopping = planLeases(first.state, { type: 'stop' }, POLICY, at);
    expect(stopping.commands).toEqual([]);
    const late = planLeases(stopping.state, createOutcome(1, done(1)), POLICY, at);
    expect(late.commands).toEqual([{ do: 'delete', number: 1, schedule: schedule(1) }]);
    expect(planLeases(late.state, deleteOutcome(1, done()), POLICY, at).state.leases).toEqual([]);
  });

  it('owes an answer, nothing is woken for: a renewal that must wait does not spin', () => {
    const at = (nowMs: number) => ({ nowMs, busy: true, jitter: 1, hears: true });
    const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, at(0));
    const held = planLeases(first.state, createOutcome(1, done(1)), POLICY, at(0));
    expect(held.wakeAtMs).toBe(30_000);
    const renewing = planLeases(held.state, { type: 'tick' }, POLICY, at(30_000));
    const renewed = planLeases(renewing.state, createOutcome(2, done(2)), POLICY, at(30_000));
    expect(renewed.commands).toEqual([{ do: 'delete', number: 1, schedule: schedule(1) }]);
    expect(renewed.wakeAtMs).toBeUndefined();
    // The delete takes longer than the next renewal can wait; no answer, no wake-up in the past.
    expect(planLeases(renewed.state, { type: 'tick' }, POLICY, at(70_000)).wakeAtMs).toBeUndefined();
    expect(planLeases(renewed.state, deleteOutcome(1, done()), POLICY, at(70_000)).commands).toMatchObject([
      { do: 'create', number: 3 },
    ]);
  });

  it('refuses a deletion, it is tried again with growing pauses until the lease has expired, which is answered', () => {
    let state = NO_LEASES;
    const give = (input: LeaseInput, nowMs: number) => {
      const plan = planLeases(state, input, POLICY, { nowMs, busy: true, jitter: 1, hears: true });
      state = plan.state;
      return plan;
    };
    give({ type: 'tick' }, 0);
    give(createOutcome(1, done(1)), 0);
    give({ type: 'tick' }, 30_000);
    let plan = give(createOutcome(2, done(2)), 30_000);
    const tries: number[] = [];
    for (let nowMs = 30_000; plan.commands.every((command) => command.do !== 'announce_again'); ) {
      expect(plan.commands).toEqual([{ do: 'delete', number: 1, schedule: schedule(1) }]);
      tries.push(nowMs);
      const { wakeAtMs = Number.NaN } = give(deleteOutcome(1, refused('INSUFFICIENT_PAYER_BALANCE')), nowMs);
      nowMs = wakeAtMs;
      plan = give({ type: 'tick' }, nowMs);
    }
    expect(tries).toEqual([30_000, 31_000, 33_000, 37_000]);
    expect(state.leases.map(({ number }) => number)).toContain(2);
  });

  it('says that a lease to be deleted had run out, that is answered although another lives', () => {
    const at = (nowMs: number) => ({ nowMs, busy: true, jitter: 1, hears: true });
    const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, at(0));
    const held = planLeases(first.state, createOutcome(1, done(1)), POLICY, at(0));
    const renewing = planLeases(held.state, { type: 'tick' }, POLICY, at(30_000));
    const renewed = planLeases(renewing.state, createOutcome(2, done(2)), POLICY, at(44_000));
    expect(renewed.commands).toMatchObject([{ do: 'delete', number: 1 }]);
    const late = planLeases(renewed.state, deleteOutcome(1, refused('SCHEDULE_ALREADY_EXECUTED')), POLICY, at(46_000));
    expect(late.commands).toEqual([{ do: 'announce_again' }]);
  });
});
