import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expiryOf,
  type LeaseCommand,
  type LeaseInput,
  NO_LEASES,
  planLeases,
  usdPerDay,
} from '../../src/core/lease-planner.js';
import { done, never, refused, schedule } from '../support/outcomes.js';

const HOUR_MS = 3_600_000;
const POLICY = { intervalMs: HOUR_MS, idleIntervalMs: 6 * HOUR_MS };
const MARGIN_MS = 60_000;
/** What an agent that always has a task of a minute holds. */
const aMinute = (nowMs: number) => nowMs + 60_000;

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
function simulate(hours: number, isBusy: (ms: number) => boolean, fails: (ms: number) => boolean = () => false): Day {
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
    const plan = planLeases(state, input, POLICY, {
      nowMs,
      heldUntilMs: isBusy(nowMs) ? aMinute(nowMs) : undefined,
      jitter: 1,
      hears: true,
    });
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

const idleAt = (nowMs: number) => ({ nowMs, heldUntilMs: undefined, jitter: 1, hears: true });
const busyAt = (nowMs: number, heldUntilMs = aMinute(nowMs)) => ({ nowMs, heldUntilMs, jitter: 1, hears: true });

describe('leases of a healthy agent', () => {
  it('cost no more than doctor says: a day of tasks of a minute', () => {
    const day = simulate(24, () => true);
    expect(day.created * 0.011).toBeLessThanOrEqual(usdPerDay(HOUR_MS) + 0.011);
    expect(usdPerDay(HOUR_MS)).toBeLessThan(0.3);
    expect(day).toMatchObject({ least: 1, most: 2, announced: 0 });
  });

  it('cost no more than doctor says: a day without work', () => {
    const day = simulate(24, () => false);
    expect(day.created).toBe(4);
    expect(usdPerDay(6 * HOUR_MS)).toBeLessThan(0.05);
    expect(day).toMatchObject({ least: 1, most: 2 });
  });

  it('are never none, never more than two, and never many, however the load changes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 5, max: 6_000 }), { minLength: 1, maxLength: 40 }), (spans) => {
        let at = 0;
        const changes = spans.map((span) => {
          at += span * 1_000;
          return at;
        });
        const isBusy = (ms: number) => changes.filter((at) => at <= ms).length % 2 === 1;
        const day = simulate(12, isBusy);
        expect(day.least).toBe(1);
        expect(day.most).toBeLessThanOrEqual(2);
        expect(day.created).toBeLessThanOrEqual(12 + 1);
      }),
      { numRuns: 30 },
    );
  });

  it('cover the latest deadline of what is held, and are renewed for work beyond that', () => {
    const long = 10 * HOUR_MS;
    const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, busyAt(0, long));
    expect(first.commands).toEqual([{ do: 'create', number: 1, expiresAtMs: long + HOUR_MS + MARGIN_MS }]);
    const held = planLeases(first.state, createOutcome(1, done(1)), POLICY, busyAt(0, long));
    expect(held.wakeAtMs).toBe(long + HOUR_MS);
    const same = planLeases(held.state, { type: 'tick' }, POLICY, busyAt(5 * HOUR_MS, long));
    expect(same.commands).toEqual([]);
    const later = planLeases(held.state, { type: 'tick' }, POLICY, busyAt(5 * HOUR_MS, long + 2 * HOUR_MS));
    expect(later.commands).toMatchObject([{ do: 'create', expiresAtMs: long + 3 * HOUR_MS + MARGIN_MS }]);
  });

  it('for work of the same deadline do not expire in the same second, and are not shortened for that', () => {
    const perSecond = new Map<number, number>();
    const agents = 1_000;
    for (let agent = 0; agent < agents; agent += 1) {
      const at = { ...busyAt(0, HOUR_MS), jitter: agent / agents };
      const first = planLeases(NO_LEASES, { type: 'tick' }, POLICY, at);
      const [command] = first.commands;
      if (command?.do !== 'create') throw new Error('no lease is created');
      expect(command.expiresAtMs).toBeGreaterThanOrEqual(2 * HOUR_MS + MARGIN_MS);
      const second = Math.floor(command.expiresAtMs / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      const held = planLeases(first.state, createOutcome(1, done(1)), POLICY, at);
      const later = planLeases(held.state, { type: 'tick' }, POLICY, { ...at, nowMs: HOUR_MS });
      expect(later.commands).toEqual([]);
    }
    expect(Math.max(...perSecond.values())).toBeLessThan(20);
  });

  it('cover no more than the network takes', () => {
    const { commands } = planLeases(NO_LEASES, { type: 'tick' }, POLICY, busyAt(0, 400 * 24 * HOUR_MS));
    expect(commands).toEqual([{ do: 'create', number: 1, expiresAtMs: 721 * HOUR_MS + MARGIN_MS }]);
  });

  it('become short some time after work has begun under a long one', () => {
    const idle = planLeases(NO_LEASES, { type: 'tick' }, POLICY, idleAt(0));
    const made = planLeases(idle.state, createOutcome(1, done(1)), POLICY, idleAt(1_000));
    const busy = planLeases(made.state, { type: 'tick' }, POLICY, busyAt(2_000));
    expect(busy).toMatchObject({ commands: [], wakeAtMs: HOUR_MS });
    expect(planLeases(busy.state, { type: 'tick' }, POLICY, busyAt(HOUR_MS)).commands).toEqual([
      { do: 'create', number: 2, expiresAtMs: expiryOf(POLICY, busyAt(HOUR_MS)) },
    ]);
  });
});

/** Short leases, as tests and cautious owners have them. */
const SHORT = { intervalMs: 30_000, idleIntervalMs: 30_000 };

describe('when the ledger', () => {
  it('is away longer than leases live, the agent says that it is online as often as the ledger said that it is gone', () => {
    const away = (ms: number) => ms > 2 * HOUR_MS && ms < 6 * HOUR_MS;
    const day = simulate(8, () => true, away);
    expect(day.lapsed).toBeGreaterThan(0);
    expect(day.announced).toBe(day.lapsed);
    expect(day.most).toBeLessThanOrEqual(2);
  });

  it('has no room in a second, the next one is asked for at once', () => {
    const first = planLeases(NO_LEASES, { type: 'tick' }, SHORT, idleAt(0));
    const again = planLeases(first.state, createOutcome(1, refused('SCHEDULE_EXPIRY_IS_BUSY')), SHORT, idleAt(0));
    expect(again.commands).toEqual([{ do: 'create', number: 2, expiresAtMs: expiryOf(SHORT, idleAt(0)) + 1_000 }]);
  });

  it('has not taken a lease in time, the next one is for another second, which may be less full', () => {
    const first = planLeases(NO_LEASES, { type: 'tick' }, SHORT, idleAt(0));
    const waiting = planLeases(first.state, createOutcome(1, never()), SHORT, idleAt(0));
    expect(waiting).toMatchObject({ commands: [], wakeAtMs: 1_000 });
    const again = planLeases(waiting.state, { type: 'tick' }, SHORT, idleAt(1_000));
    expect(again.commands).toEqual([{ do: 'create', number: 2, expiresAtMs: expiryOf(SHORT, idleAt(1_000)) + 1_000 }]);
  });

  it('is asked to stop, everything is deleted, also what is created meanwhile', () => {
    const at = idleAt(0);
    const first = planLeases(NO_LEASES, { type: 'tick' }, SHORT, at);
    const stopping = planLeases(first.state, { type: 'stop' }, SHORT, at);
    expect(stopping.commands).toEqual([]);
    const late = planLeases(stopping.state, createOutcome(1, done(1)), SHORT, at);
    expect(late.commands).toEqual([{ do: 'delete', number: 1, schedule: schedule(1) }]);
    expect(planLeases(late.state, deleteOutcome(1, done()), SHORT, at).state.leases).toEqual([]);
  });

  it('owes an answer, nothing is woken for: a renewal that must wait does not spin', () => {
    const first = planLeases(NO_LEASES, { type: 'tick' }, SHORT, idleAt(0));
    const held = planLeases(first.state, createOutcome(1, done(1)), SHORT, idleAt(0));
    expect(held.wakeAtMs).toBe(30_000);
    const renewing = planLeases(held.state, { type: 'tick' }, SHORT, idleAt(30_000));
    const renewed = planLeases(renewing.state, createOutcome(2, done(2)), SHORT, idleAt(30_000));
    expect(renewed.commands).toEqual([{ do: 'delete', number: 1, schedule: schedule(1) }]);
    expect(renewed.wakeAtMs).toBeUndefined();
    // The delete takes longer than the next renewal can wait; no answer, no wake-up in the past.
    expect(planLeases(renewed.state, { type: 'tick' }, SHORT, idleAt(70_000)).wakeAtMs).toBeUndefined();
    expect(planLeases(renewed.state, deleteOutcome(1, done()), SHORT, idleAt(70_000)).commands).toMatchObject([
      { do: 'create', number: 3 },
    ]);
  });

  it('refuses a deletion, it is tried again with growing pauses until the lease has expired, which is answered', () => {
    let state = NO_LEASES;
    const give = (input: LeaseInput, nowMs: number) => {
      const plan = planLeases(state, input, SHORT, idleAt(nowMs));
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
    const first = planLeases(NO_LEASES, { type: 'tick' }, SHORT, idleAt(0));
    const held = planLeases(first.state, createOutcome(1, done(1)), SHORT, idleAt(0));
    const renewing = planLeases(held.state, { type: 'tick' }, SHORT, idleAt(30_000));
    const renewed = planLeases(renewing.state, createOutcome(2, done(2)), SHORT, idleAt(44_000));
    expect(renewed.commands).toMatchObject([{ do: 'delete', number: 1 }]);
    const late = planLeases(
      renewed.state,
      deleteOutcome(1, refused('SCHEDULE_ALREADY_EXECUTED')),
      SHORT,
      idleAt(46_000),
    );
    expect(late.commands).toEqual([{ do: 'announce_again' }]);
  });
});

describe('daemons that take turns', () => {
  const COUNT = 50;
  const PER_SECOND = 5;

  /** When each of them creates its leases in so many hours, all started at once; each wake comes a little late. */
  function creations(hours: number): number[] {
    const times: number[] = [];
    for (let number = 0; number < COUNT; number += 1) {
      const turn = { everyMs: (COUNT / PER_SECOND) * 1_000, afterMs: (number / PER_SECOND) * 1_000 };
      const circumstances = { heldUntilMs: undefined, hears: true, jitter: number / COUNT };
      let state = NO_LEASES;
      let input: LeaseInput = { type: 'tick' };
      for (let nowMs = 12_345; nowMs < hours * HOUR_MS; ) {
        const plan = planLeases(state, input, { ...POLICY, turn }, { ...circumstances, nowMs });
        state = plan.state;
        input = { type: 'tick' };
        const [command] = plan.commands;
        if (command?.do === 'create') {
          times.push(nowMs);
          input = createOutcome(command.number, done(command.number));
        } else if (command?.do === 'delete') input = deleteOutcome(command.number, done());
        else nowMs = (plan.wakeAtMs ?? nowMs) + 20;
      }
    }
    return times.sort((a, b) => a - b);
  }

  it('create together no more leases a second than their owner wants, the first ones and all later ones', () => {
    const times = creations(30);
    expect(times.length).toBeGreaterThan(COUNT * 4);
    const crowded = times.filter((at, index) => (times[index + PER_SECOND] ?? Number.POSITIVE_INFINITY) - at < 999);
    expect(crowded).toEqual([]);
  });

  it('have a lease within one round, and lose none', () => {
    const turn = { everyMs: 100_000, afterMs: 99_000 };
    const circumstances = { heldUntilMs: undefined, hears: true, jitter: 1 };
    const first = planLeases(NO_LEASES, { type: 'tick' }, { ...POLICY, turn }, { ...circumstances, nowMs: 100_000 });
    expect(first).toMatchObject({ commands: [], wakeAtMs: 199_000 });
    const then = planLeases(first.state, { type: 'tick' }, { ...POLICY, turn }, { ...circumstances, nowMs: 199_010 });
    expect(then.commands).toMatchObject([{ do: 'create' }]);
    // Its successor has a whole round before the margin begins.
    const [lease] = then.state.leases;
    expect((lease?.expiresAtMs ?? 0) - (lease?.renewAtMs ?? 0)).toBe(MARGIN_MS + 100_000);
  });
});
