import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from '../core/plans.js';
import { Lane, TestLedger } from '../support/stage.js';

const EXECUTORS = { work: { command: ['printf', 'done'] }, held: { command: ['sleep', '60'] } };
const gates = [{ kind: 'none' as const }];
const LAG_MS = 5_000;

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS);
});

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

/** Calls back for each message with an assignment; returns how to end that. */
const onAssign = (callback: () => void) =>
  ledger.ledger.records.subscribe(({ message }) => {
    if (message !== undefined && Buffer.from(message.message).includes('"assign"')) callback();
  });

it('a result that is on the ledger in time is accepted, though the mirror shows it long after the deadline', async () => {
  const plan = planOf([taskOf('one', { gates, attempts: 1, deadlineMs: 2_000 })]);
  const { mirror } = ledger.ledger;
  // The mirror falls behind while the agent works, and catches up when the deadline has passed for long.
  const end = onAssign(() => {
    setTimeout(() => mirror.setLag({ kind: 'fixed', ms: LAG_MS }), 30);
    setTimeout(() => mirror.setLag({ kind: 'fixed', ms: 0 }), LAG_MS);
  });
  const proxy = await lane.proxy();
  const limits = { deadlineGraceMs: 500 };
  const { summary } = await lane.run(plan, proxy, new AbortController().signal, { limits });
  proxy.close();
  end();
  const [task] = summary.tasks;
  expect([summary.outcome, task?.status, task?.attempts, task?.paid]).toEqual(['complete', 'paid', 1, '10']);
});

it('a deadline that passes while nothing else is written to the journal is noticed all the same', async () => {
  const plan = planOf([taskOf('two', { type: 'held', gates, attempts: 1, deadlineMs: 1_000 })]);
  // Its host goes down with the work: nobody reports anything.
  const end = onAssign(() => void lane.killAgents());
  const proxy = await lane.proxy();
  const { summary } = await lane.run(plan, proxy, new AbortController().signal, { limits: { deadlineGraceMs: 200 } });
  proxy.close();
  end();
  expect(summary.tasks.map(({ status, gate }) => [status, gate])).toEqual([['failed', 'deadline']]);
});
