import { compilePlan } from '@gatepost/rules/plan/compile';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import {
  AGENT_1,
  AGENT_2,
  ARBITER,
  COORDINATOR,
  ESCROW,
  GATEKEEPER,
  HistoryBuilder,
  TWO_OF_THREE,
} from './history-builder.js';

/** The plan of the honest run: a rejection, a dependency, a quorum, a review and an unpaid task. */
export function testPlan(change: Record<string, unknown> = {}): Plan {
  const document = {
    name: 'test',
    budget: { max_total: 1_000 },
    sequences: [
      {
        id: 'first',
        tasks: [
          { id: 'a', type: 'work', price: 100, attempts: 2, gate: { command: ['check'] }, ...change },
          { id: 'b', type: 'work', price: 50, depends_on: ['a'], gate: { command: ['check'] } },
          { id: 'q', type: 'work', price: 10, gate: { quorum: { of: 2, agree: 2 } } },
        ],
      },
      {
        id: 'second',
        tasks: [
          { id: 'c', type: 'work', price: 30, gate: { agent: { type: 'review', price: 5 } } },
          { id: 'free', type: 'work', gate: 'none' },
        ],
      },
    ],
  };
  const compiled = compilePlan(document, { readSchema: () => ({ problem: '' }), schemaProblem: () => undefined });
  if ('plan' in compiled) return compiled.plan;
  throw new Error(compiled.problems.map(({ message }) => message).join('\n'));
}

const PLAN = testPlan();

/** One whole run in which everything is as it should be. */
export function honestRun(): HistoryBuilder {
  const history = new HistoryBuilder();
  history.plan = PLAN;
  history.online(AGENT_1);
  history.online(AGENT_2);
  writeHonestRun(history);
  return history;
}

/** The same, judged by a gatekeeper and paid out of an escrow. */
export function honestRunWithEscrow(): HistoryBuilder {
  const history = new HistoryBuilder();
  history.mode = { gatekeeper: GATEKEEPER, escrow: ESCROW };
  history.plan = PLAN;
  history.online(AGENT_1);
  history.online(AGENT_2);
  writeHonestRun(history);
  return history;
}

/**
 * The same with an arbiter, who was asked twice: about `b`, which the gatekeeper did not judge, by the coordinator, and about
 * `c`, which the coordinator did not pay, by the gatekeeper. It decided to pay both.
 */
export function honestRunWithArbiter(): HistoryBuilder {
  const history = new HistoryBuilder();
  history.mode = { gatekeeper: GATEKEEPER, escrow: ESCROW, arbiter: ARBITER };
  history.escrowKey = TWO_OF_THREE;
  history.plan = PLAN;
  history.online(AGENT_1);
  history.online(AGENT_2);
  writeHonestRun(history, (task, by, amount) => {
    history.dispute(task, 1, by);
    history.now += 181_000_000_000n;
    history.decide(task, 1, true);
    history.carryOut(task, 1, AGENT_1, amount);
  });
  return history;
}

/** Two such runs, one after the other. */
export function twoHonestRuns(): HistoryBuilder {
  const history = honestRun();
  history.run = 'run-2';
  writeHonestRun(history);
  return history;
}

type Arbitrate = (task: string, by: AccountId, amount: number) => void;

/** @param arbitrate has the arbiter pay; without it the gatekeeper judges and the coordinator pays. */
function writeHonestRun(history: HistoryBuilder, arbitrate?: Arbitrate): void {
  history.open(PLAN.digest, 5);
  history.assign('a', 1, AGENT_1, 100);
  history.result('a', 1, AGENT_1, 'wrong');
  history.verdict('a', 1, false);
  history.assign('a', 2, AGENT_2, 100);
  history.result('a', 2, AGENT_2);
  history.verdict('a', 2);
  history.assign('b', 1, AGENT_1, 50);
  for (const [attempt, agent] of [
    [1, AGENT_1],
    [2, AGENT_2],
  ] as const)
    history.assign('q', attempt, agent, 10);
  for (const [attempt, agent] of [
    [1, AGENT_1],
    [2, AGENT_2],
  ] as const)
    history.result('q', attempt, agent);
  for (const attempt of [1, 2]) history.verdict('q', attempt, true, 'quorum');
  history.result('b', 1, AGENT_1);
  if (arbitrate === undefined) history.verdict('b', 1);
  else arbitrate('b', COORDINATOR, 50);
  history.settle({
    payments: [
      { task: 'a', attempt: 2, to: AGENT_2, amount: 100 },
      { task: 'q', attempt: 1, to: AGENT_1, amount: 10 },
      { task: 'q', attempt: 2, to: AGENT_2, amount: 10 },
      ...(arbitrate === undefined ? [{ task: 'b', attempt: 1, to: AGENT_1, amount: 50 }] : []),
    ],
    moved: [
      { to: AGENT_1, amount: arbitrate === undefined ? 60 : 10 },
      { to: AGENT_2, amount: 110 },
    ],
  });
  history.assign('c', 1, AGENT_1, 30);
  history.assign('free', 1, AGENT_2, 0);
  history.result('c', 1, AGENT_1);
  history.assign('1~c', 1, AGENT_2, 5);
  history.result('1~c', 1, AGENT_2);
  history.verdict('1~c', 1, true, 'review-accepts');
  history.verdict('c', 1, true, 'agent');
  history.result('free', 1, AGENT_2);
  history.verdict('free', 1, true, 'none');
  if (arbitrate === undefined) history.settle({ payments: [{ task: 'c', attempt: 1, to: AGENT_1, amount: 30 }] });
  else arbitrate('c', GATEKEEPER, 30);
  history.settle({ payments: [{ task: '1~c', attempt: 1, to: AGENT_2, amount: 5 }] });
  history.close();
}
