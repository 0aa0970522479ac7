import { direct } from '@gatepost/coordinator/shell/ledger/direct';
import { viewRun } from '@gatepost/coordinator/shell/run/run-view';
import { MAX_TASK_ID } from '@gatepost/shared/vocabulary/id-bounds';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { Lane, TestLedger } from './support/stage.js';

const answer = (script: string) => ({
  command: [
    'node',
    '-e',
    `let t = ''; process.stdin.on('data', (d) => { t += d; }).on('end', () => { const { input } = JSON.parse(t); process.stdout.write(JSON.stringify(${script})); })`,
  ],
});
const EXECUTORS = {
  work: answer('{ made: input }'),
  // Rejects what was made of "bad".
  review: answer("{ accept: input.output.made !== 'bad', reason: 'reviewed ' + input.task }"),
};
const never = new AbortController().signal;

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS, 3);
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

it('reviews, quorums and people decide; reviewers are paid, and never the one who did the work', async () => {
  const review = [{ kind: 'agent' as const, type: 'review', price: 2n, deadlineMs: 30_000 }];
  const plan = planOf([
    taskOf('good', { input: 'good', gates: review, price: 10n, attempts: 1 }),
    taskOf('bad', { input: 'bad', gates: review, price: 10n, attempts: 1 }),
    taskOf('agreed', { input: 'x', gates: [{ kind: 'quorum', of: 3, agree: 2 }], price: 5n, attempts: 1 }),
    taskOf('asked', { input: 'y', gates: [{ kind: 'human' }], price: 4n, attempts: 1 }),
  ]);
  const proxy = await lane.proxy();
  const running = lane.run(plan, proxy, never);
  await approveWhenAsked('asked', plan);
  const { summary } = await running;
  proxy.close();
  const statuses = Object.fromEntries(summary.tasks.map(({ task, status, gate }) => [task, [status, gate]]));
  expect(statuses).toMatchObject({
    good: ['paid', 'agent'],
    bad: ['failed', 'agent'],
    agreed: ['paid', 'quorum'],
    asked: ['paid', 'human'],
    '1~good': ['paid', 'review-accepts'],
    '1~bad': ['paid', 'review-rejects'],
  });
  const by = (task: string) => summary.tasks.find((entry) => entry.task === task)?.agent;
  expect(by('1~good')).not.toBe(by('good'));
  // Good 10, two reviews 2 each, asked 4, and 5 for each member of the quorum that was still asked when two agreed.
  const members = summary.tasks.find(({ task }) => task === 'agreed')?.attempts ?? 0;
  expect([2, 3]).toContain(members);
  expect(summary.totals.paid).toBe(String(18 + 5 * members));
  expect(await lane.held()).toBe(BigInt(18 + 5 * members));
  expect(summary.outcome).toBe('failed');
});

it('a review gets an input that its assignment is too small for, however long the id of the task', async () => {
  const review = [{ kind: 'agent' as const, type: 'review', price: 2n, deadlineMs: 20_000 }];
  const ids = [20, MAX_TASK_ID - 1, MAX_TASK_ID].map((length) => 'a'.repeat(length));
  const task = (id: string) => taskOf(id, { input: 'x'.repeat(2_000), gates: review, price: 10n, attempts: 1 });
  const proxy = await lane.proxy();
  const { summary } = await lane.run(planOf(ids.map(task)), proxy, never);
  proxy.close();
  const reviews = summary.tasks
    .filter(({ task: id }) => id.includes('~'))
    .sort((a, b) => a.task.length - b.task.length);
  expect(reviews.map(({ task: id, status }) => [id, status])).toEqual(ids.map((id) => [`1~${id}`, 'paid']));
  expect(summary.outcome).toBe('complete');
});

/** What `coordinator approve` does, as soon as there is something to approve. */
async function approveWhenAsked(task: string, plan: ReturnType<typeof planOf>): Promise<void> {
  const { connection } = lane.coordinator;
  const config = lane.config();
  const { keepPlan } = await import('@gatepost/coordinator/shell/plan/plan-cache');
  keepPlan(config.stateDir, plan);
  const { pino } = await import('pino');
  const { hederaLedger } = await import('@gatepost/shared/hedera/hedera-ledger');
  const ledger = hederaLedger(connection, pino({ level: 'silent' }));
  const look = () => viewRun(ledger, config, {}, pino({ level: 'silent' }));
  await expect
    .poll(async () => (await look().catch(() => undefined))?.tasks.get(task)?.status, { timeout: 20_000 })
    .toBe('review');
  await direct(ledger, await look(), {
    action: 'approve',
    task,
    reason: 'a person looked',
  });
}
