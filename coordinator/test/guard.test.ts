import { gatherEvidence } from '@gatepost/coordinator/shell/reports/verify-evidence';
import { verify } from '@gatepost/rules/verify/verify';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { HeldTasks } from './support/held-tasks.js';
import { Lane, TestLedger } from './support/stage.js';

const held = new HeldTasks();
const EXECUTORS = {
  work: { command: ['node', '-e', "process.stdout.write('done')"] },
  held: held.executor,
};
const GUARDED = { guard: true, attempts: 1, gates: [{ kind: 'none' as const }] };
const HELD = { type: 'held', gates: [{ kind: 'none' as const }] };
const LIMITS = { deadlineGraceMs: 500 };
const never = new AbortController().signal;

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS);
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
  held.remove();
});

const schedules = () => lane.coordinator.connection.mirror.schedulesBy(lane.coordinator.connection.account);
const ofType = (records: readonly AnyRecord[], type: AnyRecord['type']) =>
  records.filter((record) => record.type === type);

/** Consensus timestamps of the batches with a deletion of a guard, or with a payment. */
async function batchesOf(name: 'SCHEDULEDELETE' | 'CRYPTOTRANSFER', from: bigint): Promise<(string | null)[]> {
  const { mirror, account } = lane.coordinator.connection;
  const found: (string | null)[] = [];
  for await (const entry of mirror.transactionsOf(account, from)) {
    if (entry.name === name && entry.result === 'SUCCESS') found.push(entry.parent_consensus_timestamp);
  }
  return found;
}

it('a guard is made at the assignment and deleted in the batch that pays the attempt', async () => {
  const from = await lane.coordinator.connection.mirror.now();
  const plan = planOf([taskOf('quick', GUARDED)], { name: 'quick' });
  const proxy = await lane.proxy();
  const { summary } = await lane.run(plan, proxy, never, { limits: LIMITS });
  proxy.close();
  expect(summary.outcome).toBe('complete');
  await expect.poll(async () => (await schedules()).map(({ deleted }) => deleted)).toEqual([true]);
  expect(ofType(await lane.records(summary.run), 'timed_out')).toEqual([]);
  const [payment] = await batchesOf('CRYPTOTRANSFER', from);
  expect(payment).toMatch(/^\d+\.\d+$/);
  expect(await batchesOf('SCHEDULEDELETE', from)).toEqual([payment]);
});

it('a guard that did its work already keeps nobody from being paid', { timeout: 60_000 }, async () => {
  // Accepted in time, settled after the deadline: the ledger has posted `timed_out` in between.
  const plan = planOf([taskOf('late', { ...GUARDED, deadlineMs: 2_500 }), taskOf('last', HELD)], { name: 'late' });
  const proxy = await lane.proxy();
  const limits = { ...LIMITS, settleWithinMs: 60_000 };
  const running = lane.run(plan, proxy, never, { limits });
  const timedOut = async () => ofType(await lane.records(`${plan.digest.slice(0, 12)}-1`), 'timed_out');
  await expect.poll(timedOut, { timeout: 20_000 }).toMatchObject([{ task: 'late' }]);
  held.release('last');
  const { summary } = await running;
  proxy.close();
  expect([summary.outcome, ofType(await lane.records(summary.run), 'settled').length]).toEqual(['complete', 1]);
});

it('the ledger tells of the deadline when coordinator and agent are both gone, and the next coordinator acts on it', {
  timeout: 60_000,
}, async () => {
  const plan = planOf([taskOf('stuck', { ...GUARDED, type: 'held', deadlineMs: 4_000 })], { name: 'stuck' });
  const run = `${plan.digest.slice(0, 12)}-1`;
  const proxy = await lane.proxy();
  const stop = new AbortController();
  const first = lane.run(plan, proxy, stop.signal, { limits: LIMITS });
  await expect.poll(async () => ofType(await lane.records(run), 'started').length, { timeout: 15_000 }).toBe(1);
  await lane.killAgents();
  stop.abort();
  expect((await first).why).toBe('interrupted');
  await expect.poll(async () => ofType(await lane.records(run), 'timed_out').length, { timeout: 20_000 }).toBe(1);
  const { why, summary } = await lane.run(plan, proxy, never, { limits: LIMITS });
  proxy.close();
  expect([why, summary.outcome]).toEqual(['closed', 'failed']);
  expect(ofType(await lane.records(run), 'verdict')).toMatchObject([
    { task: 'stuck', accepted: false, gate: 'deadline' },
  ]);
  const evidence = await gatherEvidence(lane.coordinator.connection.mirror, lane.journal);
  expect(verify(evidence, { plan }).findings).toEqual([]);
});
