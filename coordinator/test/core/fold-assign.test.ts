import type { Command } from '@gatepost/coordinator/core/decide/command';
import { decide } from '@gatepost/coordinator/core/decide/decide';
import { DEFAULT_LIMITS } from '@gatepost/coordinator/core/decide/limits';
import type { Observations } from '@gatepost/coordinator/core/decide/observations';
import { InFlight } from '@gatepost/coordinator/core/effects/in-flight';
import { reduce } from '@gatepost/rules/fold/reduce';
import type { Gate, Plan } from '@gatepost/rules/plan/plan';
import { attemptAt, freeNumbers } from '@gatepost/rules/run/attempt-numbers';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { COORDINATOR, JOURNAL, Simulation, TOKEN } from './simulation.js';

const QUORUM: Gate = { kind: 'quorum', of: 3, agree: 2 };
const REVIEW_PRICE = 3n;
const REVIEW: Gate = { kind: 'agent', type: 'review', price: REVIEW_PRICE, deadlineMs: 60_000 };
const AGENTS = [0, 1, 2, 3].map((index) => accountId(`0.0.${1_000 + index}`));
type Member = 0 | 1 | 2 | 3;
type LookedUp = Pick<LedgerRecord, 'ofOwnSchedule' | 'ofOwnInbox'>;

const ANSWERS = { connected: true, lastHeardMs: 0, watchingSinceMs: 0, heartbeatMs: 1_000, trouble: undefined };
const SESSIONS = new Map(AGENTS.map((agent) => [agent, ANSWERS]));

/** A fold that is fed by hand, record by record. */
class Ledger {
  readonly state: RunState;
  #at = 0n;
  #sequence = 0;

  constructor(
    plan: Plan,
    readonly slots = 2,
  ) {
    const trusted = { coordinator: COORDINATOR, journal: JOURNAL, token: TOKEN, agents: new Set(AGENTS) };
    this.state = emptyState({ run: 'run-1', plan, ...trusted });
    for (const index of AGENTS.keys()) this.online(index as Member, `0.0.${2_000 + index}`, true);
    this.own({ type: 'epoch', epoch: 1, instance: 'instance', host: 'h', pid: 1, state: 'begun' });
    this.own({ type: 'run_opened', plan_sha256: plan.digest, name: 'p', tasks: 1, token: TOKEN });
  }

  #post(topic: string, author: string, record: AnyRecord, looked: LookedUp = {}): void {
    this.#at += 1n;
    const entry = { at: this.#at, sequence: ++this.#sequence, run: 'run-1', record, ...looked };
    reduce(this.state, { ...entry, topic: topicId(topic), author: accountId(author) });
  }

  online(agent: Member, inbox: string, ofOwnInbox: boolean): void {
    const about = { session: 's', address: '127.0.0.1:1', capabilities: ['work'], slots: this.slots };
    this.#post(JOURNAL, AGENTS[agent] ?? '', { type: 'online', ...about, inbox }, { ofOwnInbox });
  }

  own(record: AnyRecord): void {
    this.#post(JOURNAL, COORDINATOR, record);
  }

  lapsed(agent: Member, ofOwnSchedule: boolean): void {
    this.#post(JOURNAL, AGENTS[agent] ?? '', { type: 'lapsed', session: 's', lease: 7 }, { ofOwnSchedule });
  }

  /** What is to be done now, by a coordinator that has just begun and sees no session, or one of each agent. */
  decided(sessions: Observations['sessions'] = new Map()): readonly Command[] {
    const empty = new Map();
    const seen = { begun: true, instance: 'instance', startedMs: 0, inFlight: new InFlight(), feesUsd: 0 };
    const known = { sessions, gated: empty, inputTrouble: empty, largeInputs: empty, declined: empty };
    return decide(this.state, 0, { ...seen, ...known }, DEFAULT_LIMITS);
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#at += BigInt(ms) * 1_000_000n;
  }

  assign(task: string, attempt: number, to: Member, deadline_ms = 1): void {
    const price = `${this.state.tasks.get(task)?.spec.price ?? REVIEW_PRICE}`;
    const input = { input_sha256: sha256(task), input_size: 1, deadline_ms, price, token: TOKEN };
    this.#post(`0.0.${2_000 + to}`, COORDINATOR, {
      type: 'assign',
      task,
      attempt,
      task_type: task.includes('~') ? 'review' : 'work',
      ...input,
    });
  }

  cancel(task: string, attempt: number, to: Member): void {
    this.#post(`0.0.${2_000 + to}`, COORDINATOR, { type: 'cancel', task, attempt, reason: 'not wanted' });
  }

  result(task: string, attempt: number, by: Member, output = 'right'): void {
    const told = { output_sha256: sha256(output), output_size: 1, output };
    this.#post(JOURNAL, AGENTS[by] ?? '', { type: 'result', task, attempt, outcome: 'ok', ...told });
  }

  fail(task: string, attempt: number, by: Member): void {
    this.#post(JOURNAL, AGENTS[by] ?? '', { type: 'result', task, attempt, outcome: 'failed', reason: 'exit code 1' });
  }

  verdict(task: string, attempt: number, accepted: boolean, gate = 'quorum'): void {
    this.own({ type: 'verdict', task, attempt, accepted, gate, reason: 'seen' });
  }

  agentsOf(task: string): Record<number, string> {
    return Object.fromEntries(this.state.tasks.get(task)?.attempts.map(({ number, agent }) => [number, agent]) ?? []);
  }

  get ignored(): readonly string[] {
    return [...this.state.ignored.keys()];
  }
}

const quorumLedger = () => new Ledger(planOf([taskOf('t', { gates: [QUORUM] })]));

it('an inbox belongs to who created it, and not to who announces it first', () => {
  const ledger = quorumLedger();
  const [liar, owner] = [AGENTS[3] ?? COORDINATOR, AGENTS[0] ?? COORDINATOR];
  const inbox = topicId('0.0.3000');
  ledger.online(3, inbox, false);
  expect(ledger.ignored).toEqual(['announcement of an inbox that its author had not created']);
  expect([ledger.state.inboxes.get(inbox), ledger.state.agents.get(liar)?.inbox]).toEqual([undefined, '0.0.2003']);
  ledger.online(0, inbox, true);
  ledger.online(3, inbox, false);
  expect([ledger.state.inboxes.get(inbox), ledger.state.agents.get(owner)?.inbox]).toEqual([owner, inbox]);
});

it('an agent has lapsed when the network says so by its own schedule, not when a message says so', () => {
  const ledger = quorumLedger();
  const life = () => ledger.state.agents.get(AGENTS[0] ?? COORDINATOR)?.life;
  ledger.lapsed(0, false);
  expect(ledger.ignored).toEqual(["lapse that no schedule of the agent's own posted"]);
  expect(life()).toBe('online');
  ledger.lapsed(0, true);
  expect(life()).toBe('lapsed');
});

it('members of a quorum may be assigned in any order, and an early result of one counts', () => {
  const ledger = quorumLedger();
  ledger.assign('t', 3, 2);
  ledger.result('t', 3, 2);
  ledger.assign('t', 1, 0);
  ledger.assign('t', 2, 1);
  ledger.result('t', 1, 0);
  const task = ledger.state.tasks.get('t');
  expect(ledger.ignored).toEqual([]);
  expect(ledger.agentsOf('t')).toEqual({ 1: AGENTS[0], 2: AGENTS[1], 3: AGENTS[2] });
  expect(attemptAt(task, 3)?.result?.ok).toBe(true);
  expect(ledger.state.judgeable).toContain('t');
  ledger.verdict('t', 3, true);
  ledger.verdict('t', 1, true);
  expect(task?.status).toBe('complete');
  expect([...ledger.state.payable].map(({ number }) => number)).toEqual([3, 1]);
});

it('a number of a quorum is given once, and only those of the round', () => {
  const ledger = quorumLedger();
  ledger.assign('t', 2, 1);
  ledger.assign('t', 2, 0);
  ledger.assign('t', 4, 0);
  expect(ledger.agentsOf('t')).toEqual({ 2: AGENTS[1] });
  expect(ledger.ignored).toEqual(['assignment out of turn']);
  const task = ledger.state.tasks.get('t');
  expect(task && freeNumbers(task)).toEqual([1, 3]);
});

it('an assignment without effect is remembered until its agent was told, and what it is told is not about others', () => {
  const ledger = new Ledger(planOf([taskOf('t')]));
  ledger.assign('t', 1, 0);
  ledger.assign('t', 1, 0);
  expect([...ledger.state.refused.values()]).toEqual([]);
  ledger.assign('t', 1, 1);
  expect([...ledger.state.refused.values()]).toEqual([
    { task: 't', attempt: 1, agent: AGENTS[1], inbox: '0.0.2001', reason: 'assignment out of turn' },
  ]);
  ledger.cancel('t', 1, 1);
  expect(ledger.state.refused.size).toBe(0);
  expect(attemptAt(ledger.state.tasks.get('t'), 1)?.cancelled).toBe(false);
  ledger.cancel('t', 1, 0);
  expect(attemptAt(ledger.state.tasks.get('t'), 1)?.cancelled).toBe(true);
});

it('a member whose output came just before it was called lost spoils that output for nobody', () => {
  const ledger = quorumLedger();
  for (const number of [1, 2, 3] as const) ledger.assign('t', number, (number - 1) as Member);
  ledger.result('t', 1, 0);
  ledger.verdict('t', 1, false, 'lost');
  ledger.assign('t', 4, 3);
  ledger.result('t', 2, 1);
  ledger.result('t', 3, 2);
  expect(ledger.ignored).toEqual([]);
  expect(ledger.decided()).toMatchObject([{ kind: 'judge', task: 't', attempt: 2 }]);
  ledger.verdict('t', 2, false, 'command');
  ledger.result('t', 4, 3, 'other');
  expect(ledger.decided()).toMatchObject([
    { kind: 'verdict', attempt: 3, accepted: false, gate: 'command' },
    { kind: 'verdict', attempt: 4, accepted: false, gate: 'quorum' },
  ]);
});

it('a quorum whose first numbers were never assigned can be given up', () => {
  const ledger = quorumLedger();
  ledger.assign('t', 2, 1);
  ledger.verdict('t', 1, false, 'unassignable');
  expect(ledger.ignored).toEqual([]);
  expect(ledger.state.tasks.get('t')?.status).toBe('failed');
});

it('no agent becomes two members of a quorum', () => {
  const ledger = quorumLedger();
  ledger.assign('t', 1, 0);
  ledger.assign('t', 2, 0);
  expect(ledger.ignored).toEqual(['assignment to an agent that has a part in it already']);
  ledger.assign('t', 2, 1);
  ledger.assign('t', 3, 2);
  for (const number of [1, 2, 3] as const) ledger.result('t', number, (number - 1) as Member, `${number}`);
  for (const number of [1, 2, 3]) ledger.verdict('t', number, false);
  // In the next round it may work again.
  ledger.assign('t', 4, 0);
  expect(ledger.agentsOf('t')).toMatchObject({ 4: AGENTS[0] });
});

it('equal outputs that were both accepted and rejected fail the task, and nobody is paid', () => {
  const ledger = quorumLedger();
  for (const number of [1, 2, 3] as const) ledger.assign('t', number, (number - 1) as Member);
  for (const number of [1, 2, 3] as const) ledger.result('t', number, (number - 1) as Member);
  ledger.verdict('t', 2, false, 'command');
  ledger.verdict('t', 3, false, 'command');
  ledger.verdict('t', 1, true, 'command');
  expect(ledger.state.tasks.get('t')?.status).toBe('failed');
  expect(ledger.state.payable.size).toBe(0);
  expect(ledger.state.committed).toBe(0n);
});

it('an agent that reviewed a task does not work on it', () => {
  const ledger = new Ledger(planOf([taskOf('t', { gates: [QUORUM, REVIEW] })]));
  ledger.assign('t', 1, 0);
  ledger.assign('t', 2, 1);
  ledger.result('t', 1, 0);
  ledger.result('t', 2, 1);
  ledger.assign('1~t', 1, 2);
  ledger.assign('t', 3, 2);
  expect(ledger.agentsOf('t')).toEqual({ 1: AGENTS[0], 2: AGENTS[1] });
  expect(ledger.ignored).toEqual(['assignment to an agent that has a part in it already']);
  ledger.assign('t', 3, 3);
  expect(ledger.agentsOf('t')).toMatchObject({ 3: AGENTS[3] });
});

it('a delivered attempt takes up no slot: those of whom it waits may need that one', () => {
  const plan = planOf([
    taskOf('t', { gates: [{ kind: 'quorum', of: 4, agree: 2 }] }),
    taskOf('r', { gates: [REVIEW] }),
  ]);
  const ledger = new Ledger(plan, 1);
  for (const number of [1, 2, 3] as const) ledger.assign('t', number, (number - 1) as Member);
  ledger.assign('r', 1, 3);
  const assigned = () => ledger.decided(SESSIONS).filter(({ kind }) => kind === 'assign');
  for (const number of [1, 2, 3] as const) ledger.result('t', number, (number - 1) as Member, `${number}`);
  expect(assigned()).toEqual([]);
  ledger.result('r', 1, 3);
  expect(assigned()).toMatchObject([{ task: 't', attempt: 4, agent: AGENTS[3] }]);
});

it('a failed attempt takes up its slot until that is told, so that a host that fails at once gets no more meanwhile', () => {
  const ledger = new Ledger(planOf([taskOf('t')]));
  const busy = () => ledger.state.agents.get(AGENTS[0] ?? COORDINATOR)?.busy;
  ledger.assign('t', 1, 0);
  ledger.fail('t', 1, 0);
  expect(busy()).toBe(1);
  ledger.verdict('t', 1, false, 'result');
  expect(busy()).toBe(0);
});

describe('a review that was rejected once', () => {
  const reviewedOnce = () => {
    const ledger = new Ledger(planOf([taskOf('t', { gates: [REVIEW] })]));
    ledger.assign('t', 1, 0);
    ledger.result('t', 1, 0);
    ledger.assign('1~t', 1, 1);
    ledger.pass(2);
    return ledger;
  };
  const decide = (ledger: Ledger) => ledger.verdict('t', 1, true, 'none');
  const reject = (ledger: Ledger) => ledger.verdict('1~t', 1, false, 'deadline');

  it('is asked for again while what it reviews is undecided', () => {
    const ledger = reviewedOnce();
    reject(ledger);
    ledger.assign('1~t', 2, 2);
    expect(ledger.agentsOf('1~t')).toEqual({ 1: AGENTS[1], 2: AGENTS[2] });
    expect(ledger.ignored).toEqual([]);
  });

  it.each([
    ['after', [reject, decide]],
    ['before', [decide, reject]],
  ])('is over when what it reviews is decided %s that, and the run can end', (_when, steps) => {
    const ledger = reviewedOnce();
    for (const step of steps) step(ledger);
    expect(ledger.state.tasks.get('1~t')?.status).toBe('cancelled');
    expect([ledger.state.unfinished, ledger.state.lost]).toEqual([0, 0]);
    ledger.assign('1~t', 2, 2);
    expect(ledger.ignored).toEqual(['assignment of a task that is over']);
  });

  it('is over although somebody whom it was taken from still works on it', () => {
    const ledger = reviewedOnce();
    ledger.assign('1~t', 2, 2);
    ledger.verdict('1~t', 2, false, 'deadline');
    decide(ledger);
    expect([...ledger.state.surplus].map(({ number }) => number)).toEqual([1]);
    reject(ledger);
    expect([ledger.state.unfinished, ledger.state.openAttempts]).toEqual([0, 0]);
  });
});

it('no agent reviews its own work, also not in place of a reviewer that was lost', () => {
  const ledger = new Ledger(planOf([taskOf('t', { gates: [REVIEW] })]));
  ledger.assign('t', 1, 0);
  ledger.result('t', 1, 0);
  ledger.assign('1~t', 1, 0);
  ledger.assign('1~t', 1, 1);
  ledger.assign('1~t', 2, 0);
  ledger.assign('1~t', 2, 2);
  expect(ledger.agentsOf('1~t')).toEqual({ 1: AGENTS[1], 2: AGENTS[2] });
});

it('what a killed process and its successor assign together does not exceed the budget', () => {
  const ledger = new Ledger(planOf([taskOf('a'), taskOf('b')], { maxTotal: 15n }));
  ledger.assign('a', 1, 0);
  ledger.assign('b', 1, 1);
  expect(ledger.ignored).toEqual(['assignment beyond the budget']);
  expect(ledger.state.committed).toBe(10n);
});

it('the deadline the ledger tells counts from the deadline on, and what is reported after it does not', () => {
  const ledger = new Ledger(planOf([taskOf('t', { guard: true })]));
  const told: AnyRecord = { type: 'timed_out', task: 't', attempt: 1 };
  ledger.own(told);
  ledger.assign('t', 1, 0, 1_000);
  ledger.own(told);
  expect(ledger.ignored).toEqual(['deadline of an attempt that was not assigned', 'deadline that has not come']);
  expect(ledger.state.overdue.size).toBe(0);
  ledger.pass(1_000);
  ledger.own(told);
  ledger.result('t', 1, 0);
  expect(ledger.ignored).toContain('report on an attempt after its deadline');
  expect([...ledger.state.overdue].map(({ number }) => number)).toEqual([1]);
  ledger.verdict('t', 1, false, 'deadline');
  expect([ledger.state.overdue.size, ledger.state.working]).toEqual([0, 0]);
});

it.each(['constructor', '__proto__', 'toString'])('a gate may be called %s', (gate) => {
  const ledger = new Ledger(planOf([taskOf('t')]));
  ledger.assign('t', 1, 0);
  ledger.result('t', 1, 0);
  ledger.verdict('t', 1, false, gate);
  expect(ledger.state.tasks.get('t')?.status).toBe('pending');
});

it('what was delivered in time, or may yet be, is not rejected as late', () => {
  const ledger = new Ledger(planOf([taskOf('a'), taskOf('b')]));
  ledger.assign('a', 1, 0, 1_000);
  ledger.assign('b', 1, 1, 1_000);
  ledger.verdict('b', 1, false, 'deadline');
  ledger.result('a', 1, 0);
  ledger.pass(1_001);
  ledger.verdict('a', 1, false, 'deadline');
  expect(ledger.ignored).toEqual(['rejection as late of what is not']);
  expect(ledger.state.openAttempts).toBe(2);
  ledger.verdict('a', 1, true, 'command');
  ledger.verdict('b', 1, false, 'deadline');
  expect(ledger.state.openAttempts).toBe(0);
  expect([...ledger.state.payable].map(({ task }) => task)).toEqual(['a']);
});

it.each([
  ['in another token', { token: '0.0.301' }, false, 'payment in a wrong token'],
  ['after the end of the run', {}, true, 'payment after the end of the run'],
])('a payment %s is a fault, and taken down', (_what, change, closed, reason) => {
  const ledger = new Ledger(planOf([taskOf('t')]));
  ledger.assign('t', 1, 0, 1_000);
  ledger.result('t', 1, 0);
  ledger.verdict('t', 1, true, 'command');
  if (closed) ledger.own({ type: 'run_closed', outcome: 'failed', state_sha256: sha256('') });
  const payments = [{ task: 't', attempt: 1, to: AGENTS[0] ?? '', amount: '10' }];
  ledger.own({ type: 'settled', token: TOKEN, payments, ...change });
  expect(ledger.ignored).toEqual([reason]);
  expect(ledger.state.payable.size).toBe(0);
});

it('a member of a quorum is not paid before enough agree', () => {
  const ledger = quorumLedger();
  ledger.assign('t', 1, 0);
  ledger.result('t', 1, 0);
  ledger.verdict('t', 1, true);
  ledger.own({
    type: 'settled',
    token: TOKEN,
    payments: [{ task: 't', attempt: 1, to: AGENTS[0] ?? '', amount: '10' }],
  });
  expect(ledger.ignored).toEqual(['payment without acceptance']);
});

it('an attempt is reviewed under one name, and work is assigned as what the plan calls it', () => {
  const ledger = new Ledger(planOf([taskOf('t', { gates: [REVIEW] }), taskOf('u', { type: 'other' })]));
  ledger.assign('t', 1, 0);
  ledger.result('t', 1, 0);
  for (const id of ['01~t', '1e0~t', '1.0~t', ' 1~t', '+1~t', '1~1~t']) ledger.assign(id, 1, 1);
  expect(ledger.ignored).toEqual(['assignment of an unknown task']);
  ledger.assign('1~t', 1, 1);
  ledger.assign('u', 1, 1);
  expect(ledger.ignored).toEqual(['assignment of an unknown task', 'assignment as a task of another type']);
  expect(ledger.agentsOf('1~t')).toEqual({ 1: AGENTS[1] });
});

it('a deadline that passes after the result says nothing', () => {
  const ledger = new Ledger(planOf([taskOf('t', { guard: true })]));
  ledger.assign('t', 1, 0);
  ledger.result('t', 1, 0);
  ledger.pass(1_000);
  ledger.own({ type: 'timed_out', task: 't', attempt: 1 });
  expect(ledger.ignored).toEqual(['deadline of an attempt that is over']);
  expect(ledger.state.overdue.size).toBe(0);
});

it('a word of a person on one member of a quorum is one on the round', () => {
  const ledger = new Ledger(planOf([taskOf('t', { gates: [QUORUM, { kind: 'human' }] })]));
  for (const number of [3, 2, 1] as const) ledger.assign('t', number, (number - 1) as Member);
  for (const number of [1, 2] as const) ledger.result('t', number, (number - 1) as Member);
  ledger.own({ type: 'directive', action: 'approve', task: 't', attempt: 1, reason: 'fine' });
  expect(ledger.ignored).toEqual([]);
  expect(ledger.state.tasks.get('t')?.directive).toMatchObject({ approve: true });
});

it('quorum assignments overtake one another in simulated runs, and none of them is ignored for it', () => {
  const plan = planOf(Array.from({ length: 10 }, (_, index) => taskOf(`t${index}`, { gates: [QUORUM] })));
  const { state } = new Simulation({ plan, seed: 5 }).run();
  const overtaken = [...state.tasks.values()].filter(({ attempts }) =>
    attempts.some(({ number }, position) => number !== position + 1),
  );
  expect(overtaken.length).toBeGreaterThan(0);
  expect([...state.ignored.keys()].filter((reason) => reason.startsWith('assignment'))).toEqual([]);
});
