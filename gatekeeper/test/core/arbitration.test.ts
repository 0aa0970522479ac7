import { Cosigning } from '@gatepost/gatekeeper/core/cosigning';
import { Sessions } from '@gatepost/gatekeeper/core/sessions';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGENTS, batchOf, COORDINATOR, DueRun, GATEKEEPER, paymentOf, START_AT, STRANGER } from '../support/due-run.js';

const SECOND = NANOS_PER_SECOND;
const WINDOW = 180n * SECOND;

/** A process of the gatekeeper that may sign. */
function cosigningFrom(at: Nanos): Cosigning {
  const sessions = new Sessions(GATEKEEPER, 's', WINDOW);
  sessions.note({ author: GATEKEEPER, at, session: 's', said: 'online' });
  return new Cosigning(sessions);
}

describe('an arbiter', () => {
  it('pays what the gatekeeper accepted and the coordinator does not pay', () => {
    const run = new DueRun(1, { arbiter: true });
    run.accept(0);
    run.dispute(0, GATEKEEPER);
    expect([run.state.payable.size, run.state.disputed.size]).toEqual([0, 1]);
    run.decide(0, true);
    expect(run.attempt(0)).toMatchObject({ payment: { to: AGENTS[0], amount: 10n }, verdict: { gate: 'command' } });
    expect([run.state.tasks.get('t0')?.status, run.state.paid, run.ignored]).toEqual(['paid', 10n, []]);
  });

  it('accepts what the gatekeeper does not judge, and what it rejected, with all that follows from it', () => {
    for (const rejected of [false, true]) {
      const run = new DueRun(1, { arbiter: true, attempts: 2 });
      run.assign(0);
      run.deliver(0);
      if (rejected) run.judge(0, false);
      run.dispute(0);
      run.decide(0, true);
      expect(run.attempt(0)).toMatchObject({ payment: { amount: 10n }, verdict: { accepted: true, gate: 'arbiter' } });
      expect([run.state.unfinished, run.state.openAttempts, run.state.committed]).toEqual([0, 0, 10n]);
      run.assign(0, 1, 2);
      expect(run.ignored).toEqual(['assignment of a task that is over']);
    }
  });

  it('pays for a task that has failed, which stays failed', () => {
    const run = new DueRun(1, { arbiter: true });
    run.assign(0);
    run.deliver(0);
    run.judge(0, false);
    run.fold(COORDINATOR, { type: 'run_closed', outcome: 'failed', state_sha256: '0'.repeat(64) });
    run.dispute(0);
    run.decide(0, true);
    expect([run.state.closed, run.state.tasks.get('t0')?.status, run.state.paid]).toEqual(['failed', 'failed', 10n]);
  });

  it('has the last word when it does not pay', () => {
    const accepted = new DueRun(1, { arbiter: true });
    accepted.accept(0);
    accepted.dispute(0, GATEKEEPER);
    accepted.decide(0, false);
    expect([accepted.state.payable.size, accepted.state.disputed.size, accepted.state.paid]).toEqual([0, 0, 0n]);
    accepted.dispute(0);
    accepted.settle(0);
    expect(accepted.ignored).toEqual(['dispute of what is disputed already', 'payment of what is disputed']);
    const open = new DueRun(1, { arbiter: true, attempts: 2 });
    open.assign(0);
    open.deliver(0);
    open.dispute(0);
    open.decide(0, false);
    expect([open.attempt(0).verdict?.gate, open.state.tasks.get('t0')?.status]).toEqual(['arbiter', 'pending']);
  });

  it('is asked by a party of a run that has one, about what may be owed, and answers late enough', () => {
    const without = new DueRun(1);
    without.accept(0);
    without.dispute(0);
    expect(without.ignored).toEqual(['dispute in a run without an arbiter']);
    const run = new DueRun(1, { arbiter: true, attempts: 2 });
    run.dispute(0);
    run.assign(0);
    run.dispute(0);
    run.deliver(0);
    run.dispute(0, STRANGER);
    expect(run.ignored).toEqual([
      'dispute of an attempt that was not assigned',
      'dispute of what was not delivered',
      'record of an author without authority',
    ]);
    run.dispute(0);
    run.decide(0, true, 179);
    expect(run.ignored).toContain('decision while what was signed before may still happen');
    run.fold(GATEKEEPER, { type: 'decision', task: 't0', attempt: 1, pay: true, reason: '' });
    expect(run.attempt(0).payment).toBeUndefined();
    run.decide(0, true, 2);
    expect(run.attempt(0).payment?.amount).toBe(10n);
  });

  it('does not pay a second result of a task', () => {
    const run = new DueRun(1, { arbiter: true, attempts: 2 });
    run.assign(0);
    run.deliver(0);
    run.judge(0, false);
    run.dispute(0);
    run.assign(0, 1, 2);
    run.deliver(0, 1, 2);
    run.judge(0, true, GATEKEEPER, 2);
    run.decide(0, true);
    expect(run.ignored).toEqual(['decision for a second result']);
    const other = new DueRun(1, { arbiter: true, attempts: 2 });
    other.assign(0);
    other.deliver(0);
    other.judge(0, false);
    other.dispute(0);
    other.assign(0, 1, 2);
    other.deliver(0, 1, 2);
    other.decide(0, true);
    other.judge(0, true, GATEKEEPER, 2);
    expect(other.ignored).toEqual(['acceptance of a second result']);
  });

  it('keeps a run open while it was asked and has not answered', () => {
    const run = new DueRun(1, { arbiter: true });
    run.accept(0);
    run.dispute(0, GATEKEEPER);
    const closing = { type: 'run_closed' as const, outcome: 'complete' as const, state_sha256: '0'.repeat(64) };
    run.fold(COORDINATOR, closing);
    expect([run.state.closed, run.ignored]).toEqual([undefined, ['run closed before it was over']]);
    run.decide(0, false);
    run.fold(COORDINATOR, closing);
    expect(run.state.closed).toBe('complete');
  });

  it('keeps the gatekeeper from signing for what is disputed', () => {
    const run = new DueRun(1, { arbiter: true });
    run.accept(0);
    const cosigning = cosigningFrom(START_AT);
    const ask = () => cosigning.ask(run.state, batchOf([paymentOf(0)], run.now), run.now).kind;
    expect(ask()).toBe('sign');
    run.dispute(0);
    run.now += WINDOW + SECOND;
    expect(ask()).toBe('refuse');
  });
});

/** What may happen next, in any order: each with how many seconds pass before it. */
type Step = readonly [what: 'ask' | 'submit' | 'dispute' | 'decide' | 'sign' | 'restart' | 'read', after: number];

const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'ask',
      'ask',
      'submit',
      'submit',
      'dispute',
      'decide',
      'decide',
      'sign',
      'sign',
      'read',
      'read',
      'restart',
    ),
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60, max: 190 }) },
    ),
  ) as fc.Arbitrary<Step>,
  { minLength: 4, maxLength: 40 },
);

/**
 * A network with one payment that is due. A coordinator asks for signatures when it likes and submits what was signed
 * whenever the window allows; the gatekeeper reads late and is started anew; either asks the arbiter, which decides when it
 * likes and signs when its own decision has an effect on the journal.
 */
class Contest {
  /** Everything that is on the journal, and what of it the gatekeeper has read. */
  readonly journal = new DueRun(1, { arbiter: true });
  #read = new DueRun(1, { arbiter: true });
  readonly #records: ((run: DueRun) => void)[] = [];
  #known = 0;
  #cosigning = cosigningFrom(START_AT);
  readonly #signed: ReturnType<typeof batchOf>[] = [];
  readonly #ids = new Set<string>();
  paid = 0;
  #hasSigned = false;

  constructor() {
    this.#happens((run) => run.accept(0));
    this.#catchUp();
  }

  #happens(record: (run: DueRun) => void): void {
    const at = this.journal.now;
    const timed = (run: DueRun) => {
      run.now = at;
      record(run);
    };
    this.#records.push(timed);
    timed(this.journal);
  }

  #catchUp(): void {
    for (; this.#known < this.#records.length; this.#known += 1) this.#records[this.#known]?.(this.#read);
    this.#read.now = this.journal.now;
  }

  take([what, after]: Step): void {
    this.journal.now += BigInt(after) * SECOND;
    const { now } = this.journal;
    if (what === 'read') this.#catchUp();
    if (what === 'restart') {
      this.#catchUp();
      const sessions = new Sessions(GATEKEEPER, `s${now}`, WINDOW);
      sessions.note({ author: GATEKEEPER, at: now - 1n, session: 'earlier', said: 'online' });
      sessions.note({ author: GATEKEEPER, at: now, session: `s${now}`, said: 'online' });
      this.#cosigning = new Cosigning(sessions);
    }
    if (what === 'ask') {
      // The start is whatever the coordinator likes; the gatekeeper goes by what it has read, which may be long ago.
      const batch = batchOf([paymentOf(0)], this.#read.now, { validSeconds: 180 });
      const isNew = !this.#ids.has(batch.id);
      const isSigned = this.#cosigning.ask(this.#read.state, batch, this.#read.now).kind === 'sign';
      // The network takes an id once.
      if (isSigned && isNew) this.#signed.push(batch);
      this.#ids.add(batch.id);
    }
    if (what === 'submit') {
      const alive = this.#signed.findIndex(({ validStart }) => validStart <= now && now < validStart + WINDOW - SECOND);
      if (alive < 0) return;
      this.#signed.splice(alive, 1);
      this.paid += 1;
      this.#happens((run) => run.settle(0));
    }
    if (what === 'dispute') this.#happens((run) => run.dispute(0, after % 2 === 0 ? COORDINATOR : GATEKEEPER));
    if (what === 'decide') this.#happens((run) => run.decide(0, true, 0));
    if (what === 'sign' && !this.#hasSigned && this.journal.attempt(0).dispute?.decision?.pay === true) {
      this.#hasSigned = true;
      this.paid += 1;
    }
  }
}

it('a payment happens once, whatever the coordinator had signed when the arbiter was asked', () => {
  const seen = { byBatch: 0, byArbiter: 0 };
  fc.assert(
    fc.property(STEPS, (steps) => {
      const contest = new Contest();
      for (const step of steps) contest.take(step);
      expect(contest.paid).toBeLessThanOrEqual(1);
      if (contest.paid === 1)
        seen[contest.journal.attempt(0).dispute?.decision === undefined ? 'byBatch' : 'byArbiter'] += 1;
    }),
    { numRuns: 6_000, seed: 7 },
  );
  expect(seen.byBatch).toBeGreaterThan(100);
  expect(seen.byArbiter).toBeGreaterThan(100);
});
