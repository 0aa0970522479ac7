import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import { isAccepted, membersOf } from '@gatepost/rules/run/task-state';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyPlan, planOf, taskOf } from './plans.js';
import { GATEKEEPER, replay, Simulation, type SimulationOptions } from './simulation.js';

const troubles = fc.record({
  seed: fc.nat(),
  silent: fc.constantFrom(0, 0.1),
  failing: fc.constantFrom(0, 0.2),
  wrong: fc.constantFrom(0, 0.3),
  dying: fc.constantFrom(0, 0, 0.4),
});

/** Nothing was assigned before what it waits for was accepted, judged from the records alone. */
function checkOrder({ records, options }: Simulation): void {
  const accepted = new Set<string>();
  const tasks = new Map(options.plan.tasks.map((task) => [task.id, task]));
  const agreed = new Map<string, number>();
  const left = new Map(
    options.plan.sequences.map(({ id }) => [id, options.plan.tasks.filter((task) => task.sequence === id).length]),
  );
  for (const { record } of records) {
    if (record.type === 'verdict' && record.accepted && !accepted.has(record.task)) {
      const task = tasks.get(record.task);
      const votes = (agreed.get(record.task) ?? 0) + 1;
      agreed.set(record.task, votes);
      const needed = task?.gates.find((gate) => gate.kind === 'quorum')?.agree ?? 1;
      if (task === undefined || votes < needed) continue;
      accepted.add(record.task);
      left.set(task.sequence, (left.get(task.sequence) ?? 0) - 1);
    }
    const task = record.type === 'assign' ? tasks.get(record.task) : undefined;
    if (task === undefined) continue;
    for (const dependency of task.dependsOn)
      expect(accepted.has(dependency), `${task.id} before ${dependency}`).toBe(true);
    const after = options.plan.sequences.find(({ id }) => id === task.sequence)?.after ?? [];
    for (const sequence of after) expect(left.get(sequence), `${task.id} before sequence ${sequence}`).toBe(0);
  }
}

/** Each attempt is paid at most once, each ordinary task at most once, each at its price; nothing is paid unaccepted. */
function checkMoney({ records, state, options }: Simulation): void {
  const paid = new Map<string, bigint>();
  for (const { record } of records) {
    if (record.type !== 'settled') continue;
    for (const { task, attempt, amount } of record.payments) {
      expect(paid.has(`${task}#${attempt}`), `${task}#${attempt} paid twice`).toBe(false);
      paid.set(`${task}#${attempt}`, BigInt(amount));
    }
  }
  const total = [...paid.values()].reduce((sum, amount) => sum + amount, 0n);
  expect(state.paid).toBe(total);
  if (options.plan.maxTotal !== undefined) expect(total <= options.plan.maxTotal, 'within the budget').toBe(true);
  for (const task of state.tasks.values()) {
    const payments = task.attempts.filter(({ payment }) => payment !== undefined);
    if (membersOf(task.spec) === 1) expect(payments.length, `${task.spec.id} paid once`).toBeLessThanOrEqual(1);
    for (const { payment, verdict } of payments) {
      expect(payment?.amount).toBe(task.spec.price);
      expect(verdict?.accepted).toBe(true);
    }
    if (isAccepted(task.status) && task.spec.price > 0n) expect(task.status, task.spec.id).toBe('paid');
  }
}

function check(options: SimulationOptions): Simulation {
  const simulation = new Simulation(options).run();
  checkOrder(simulation);
  checkMoney(simulation);
  expect(stateDigest(replay(simulation))).toBe(stateDigest(simulation.state));
  expect([...simulation.state.ignored.keys()].filter((reason) => reason.startsWith('payment'))).toEqual([]);
  return simulation;
}

it('any plan with any trouble closes; order, money and replay hold; the same seed gives the same commands', () => {
  fc.assert(
    fc.property(anyPlan, troubles, (plan, trouble) => {
      const first = check({ plan, ...trouble });
      const second = new Simulation({ plan, ...trouble }).run();
      expect(second.commands).toEqual(first.commands);
    }),
    { numRuns: 500, endOnFailure: true },
  );
}, 120_000);

it('a coordinator that is killed again and again, while what it had sent still happens, pays each task once', () => {
  fc.assert(
    fc.property(anyPlan, troubles, fc.integer({ min: 3, max: 40 }), (plan, trouble, killEvery) => {
      check({ plan, ...trouble, silent: 0, killEvery });
    }),
    { numRuns: 150, endOnFailure: true },
  );
}, 120_000);

it('any plan with any trouble closes where another judges, who alone accepts or rejects what was delivered', () => {
  fc.assert(
    fc.property(anyPlan, troubles, fc.constantFrom(undefined, 9, 25), (plan, trouble, killEvery) => {
      const killed = killEvery === undefined ? {} : { killEvery, silent: 0 };
      const { state, records } = check({ plan, ...trouble, ...killed, gatekeeper: true });
      expect([...state.ignored.keys()]).not.toContain('verdict of a coordinator that does not judge');
      const accepted = records.filter(({ record }) => record.type === 'verdict' && record.accepted);
      expect(accepted.every(({ author }) => author === GATEKEEPER)).toBe(true);
    }),
    { numRuns: 300, endOnFailure: true },
  );
}, 120_000);

it('any plan closes that is cancelled at any time, whole or a task of it, whoever judges and with few agents', () => {
  const when = fc.record({ steps: fc.nat(80), whole: fc.boolean() });
  fc.assert(
    fc.property(
      anyPlan,
      troubles,
      when,
      fc.boolean(),
      fc.constantFrom(1, 2, 4),
      (plan, trouble, cancel, gatekeeper, agents) => {
        const simulation = new Simulation({ plan, ...trouble, silent: 0, gatekeeper, agents });
        for (let step = 0; step < cancel.steps && simulation.state.closed === undefined; step += 1) simulation.step();
        simulation.cancel(cancel.whole ? undefined : plan.tasks[0]?.id, 'not wanted');
        expect(simulation.run().state.closed).toBeDefined();
      },
    ),
    { numRuns: 300, endOnFailure: true },
  );
}, 120_000);

it('closes where a lost attempt holds the budget that the review of its successor needs', () => {
  const review = { kind: 'agent' as const, type: 'review', price: 3n, deadlineMs: 60_000 };
  const held = { price: 7n, deadlineMs: 60_000, attempts: 1, gates: [review] };
  const outcomes = new Map<string, number>();
  for (const maxTotal of [16n, 17n]) {
    const plan = planOf([taskOf('a', held)], { maxTotal });
    for (let seed = 0; seed < 400; seed += 1) {
      const { state } = check({ plan, seed, dying: 0.4, gatekeeper: true });
      if ((state.tasks.get('a')?.attempts.length ?? 0) < 2) continue;
      const status = `${maxTotal} ${state.tasks.get('a')?.status}`;
      outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
    }
  }
  expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['16 paid', '17 paid']));
});

it('an agent that was assigned something without effect is told so', () => {
  const plan = planOf(Array.from({ length: 12 }, (_, index) => taskOf(`t${index}`)));
  let refused = 0;
  for (let seed = 0; seed < 200; seed += 1) {
    const { records, commands, state } = new Simulation({ plan, seed, killEvery: 5 }).run();
    const assigned = records.filter(({ record }) => record.type === 'assign');
    for (const { record, topic } of assigned) {
      if (record.type !== 'assign') continue;
      const { task, attempt } = record;
      if (attemptAt(state.tasks.get(task), attempt)?.inbox === topic) continue;
      refused += 1;
      expect(commands).toContainEqual(expect.objectContaining({ kind: 'cancel', task, attempt, inbox: topic }));
    }
  }
  expect(refused).toBeGreaterThan(0);
});

it('without the quarantine the same kills would pay twice: the test can tell', () => {
  const plan = planOf(Array.from({ length: 12 }, (_, index) => taskOf(`t${index}`)));
  const twice = Array.from({ length: 200 }, (_, seed) => {
    const simulation = new Simulation({ plan, seed, killEvery: 7, limits: { quarantineMs: -1_000_000 } }).run();
    return simulation.state.ignored.has('payment made twice');
  });
  expect(twice).toContain(true);
});

it('no work is assigned whose deadline is after the refund, unless it costs nothing', () => {
  const plan = planOf([taskOf('a', { deadlineMs: 60_000 }), taskOf('b', { deadlineMs: 60_000, price: 0n })]);
  const until = (assignUntilMs: number) => {
    const { state } = new Simulation({ plan, seed: 1, gatekeeper: true, limits: { assignUntilMs } }).run();
    return [...state.tasks.values()].map(({ status }) => status);
  };
  const startMs = new Simulation({ plan, seed: 1 }).nowMs;
  expect(until(startMs + 120_000)).toEqual(['paid', 'complete']);
  expect(until(startMs + 30_000)).toEqual(['failed', 'complete']);
});
