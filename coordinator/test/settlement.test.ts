import { associateToken } from '@gatepost/shared/hedera/tokens';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { Lane, TestLedger } from './support/stage.js';

const EXECUTORS = {
  work: { command: ['node', '-e', "process.stdin.resume().on('end', () => process.stdout.write('1'))"] },
};
const never = new AbortController().signal;

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS, 2);
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

it('a payee that cannot be paid does not keep the others from it; once mended, the same command pays', async () => {
  const [good, bad] = lane.agents;
  if (good === undefined || bad === undefined) throw new Error('two agents are needed');
  await lane.dissociate(bad);
  const gates = [{ kind: 'none' as const }];
  const plan = planOf([
    taskOf('one', { gates, agent: good.connection.account }),
    taskOf('two', { gates, agent: bad.connection.account }),
  ]);
  const first = await lane.proxy();
  const stuck = await lane.run(plan, first, never);
  first.close();
  expect(stuck.why).toBe('unpayable');
  const of = (task: string) => stuck.summary.tasks.find((entry) => entry.task === task);
  expect(of('one')).toMatchObject({ status: 'paid', paid: '10' });
  expect(of('two')).toMatchObject({
    status: 'complete',
    paid: '0',
    reason: 'not paid: TOKEN_NOT_ASSOCIATED_TO_ACCOUNT',
  });

  await associateToken(bad.connection, lane.token);
  const second = await lane.proxy();
  const { why, summary } = await lane.run(plan, second, never);
  second.close();
  expect(why).toBe('closed');
  expect(summary.outcome).toBe('complete');
  expect(await lane.held()).toBe(20n);
}, 90_000);

it('a plan that is complete is not paid again', async () => {
  const plan = planOf([taskOf('only', { gates: [{ kind: 'none' }] })]);
  const before = await lane.held();
  for (const how of ['the first time', 'the second time']) {
    const proxy = await lane.proxy();
    const { why, summary } = await lane.run(plan, proxy, never);
    proxy.close();
    expect([why, summary.outcome], how).toEqual(['closed', 'complete']);
    expect((await lane.held()) - before, how).toBe(10n);
  }
});
