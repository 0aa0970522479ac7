import { gatherBill } from '@gatepost/coordinator/shell/reports/bill-evidence';
import type { Plan } from '@gatepost/rules/plan/plan';
import { associateToken } from '@gatepost/shared/hedera/tokens';
import { messagePrice, toTinybar } from '@gatepost/shared/vocabulary/fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Bill } from '../../src/core/bill.js';
import { estimatePlan } from '../../src/core/estimate.js';
import { planOf, taskOf } from '../core/plans.js';
import { HeldTasks } from '../support/held-tasks.js';
import { Lane, TestLedger } from '../support/stage.js';

const RATE = { hbars: 1, cents: 12 };
const held = new HeldTasks();
const EXECUTORS = { work: { command: ['node', '-e', "process.stdout.write('1')"] }, held: held.executor };
const GUARDED = { guard: true, attempts: 1, gates: [{ kind: 'none' as const }] };
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

interface Shown {
  readonly consensus_timestamp: string;
  readonly name: string;
  readonly scheduled: boolean;
  readonly charged_tx_fee: number;
  readonly transfers: readonly { readonly account: AccountId; readonly amount: number }[];
}

/** Everything that the ledger did between a run's opening and closing, oldest first. */
async function shownOf(run: string): Promise<Shown[]> {
  const times: string[] = [];
  const { mirror } = lane.coordinator.connection;
  const about = new RegExp(`"run":"${run}".*"run_(opened|closed)"`);
  for await (const { message, consensus_timestamp } of mirror.messagesAfter(lane.journal, 0)) {
    const at = `${consensus_timestamp / 1_000_000_000n}.${`${consensus_timestamp % 1_000_000_000n}`.padStart(9, '0')}`;
    if (about.test(message.toString())) times.push(at);
  }
  expect(times).toHaveLength(2);
  const url = `${ledger.network.mirrorRest}/api/v1/transactions?limit=100&order=asc&timestamp=gte:${times[0]}&timestamp=lte:${times[1]}`;
  const body = (await (await fetch(url)).json()) as { transactions: Shown[]; links: { next: string | null } };
  expect(body.links.next).toBeNull();
  return body.transactions;
}

/** The bill of a run, which has to come to the hbar that left the accounts of the run. */
async function billed(run: string): Promise<{ readonly bill: Bill; readonly shown: readonly Shown[] }> {
  const { bill } = await gatherBill(lane.coordinator.connection.mirror, lane.journal, run);
  const shown = await shownOf(run);
  const accounts = new Set([lane.coordinator, ...lane.agents].map(({ connection }) => connection.account));
  const moved = shown.flatMap(({ transfers }) => transfers.filter(({ account }) => accounts.has(account)));
  const lost = moved.reduce((sum, { amount }) => sum - BigInt(amount), 0n);
  expect(bill.tinybar).toBe(lost);
  return { bill, shown };
}

/** Of what a bill is for: it begins with the opening and ends with the closing of the run. */
function estimated(plan: Plan, which: 'least' | 'most'): bigint {
  const { fees, kinds } = estimatePlan(plan)[which];
  const outside = kinds.find(({ what }) => what === 'coordinator begins, ends')?.price ?? 0n;
  return toTinybar(fees - outside, RATE);
}

const kind = ({ kinds }: Bill, name: string) => kinds.find((entry) => entry.name === name);

async function run(plan: Plan, limits = {}) {
  const proxy = await lane.proxy();
  const { summary } = await lane.run(plan, proxy, never, { limits });
  proxy.close();
  return summary;
}

it('a run with a guard that is deleted costs what the ledger charged, within what was estimated', async () => {
  const plan = planOf([taskOf('quick', GUARDED)], { name: 'quick' });
  const { outcome, run: id } = await run(plan);
  expect(outcome).toBe('complete');
  const { bill } = await billed(id);
  expect([kind(bill, 'SCHEDULECREATE')?.count, kind(bill, 'SCHEDULEDELETE')?.count]).toEqual([1, 1]);
  expect(bill.tinybar).toBeGreaterThanOrEqual(estimated(plan, 'least'));
  expect(bill.tinybar).toBeLessThanOrEqual(estimated(plan, 'most'));
});

it('an association while the run is open is on the bill, at $0.05', async () => {
  const [agent] = lane.agents;
  if (agent === undefined) throw new Error('no agent');
  const own = await lane.held();
  await lane.sendBack(agent, own);
  await lane.dissociate(agent);
  const plan = planOf([taskOf('unpaid', { ...GUARDED, guard: false })], { name: 'unpaid' });
  expect((await run(plan)).outcome).toBe('open');
  await associateToken(agent.connection, lane.token);
  const { outcome, run: id } = await run(plan);
  expect(outcome).toBe('complete');
  const { bill } = await billed(id);
  expect(kind(bill, 'TOKENASSOCIATE')).toMatchObject({ count: 1, tinybar: toTinybar(500_000_000n, RATE) });
});

it('a guard and a lease that run at their expiry cost the whole price of their messages', async () => {
  const plan = planOf([taskOf('stuck', { ...GUARDED, type: 'held', deadlineMs: 40_000 })], { name: 'stuck' });
  const running = run(plan, { deadlineGraceMs: 500, agentWaitMs: 500, lossGraceMs: 60_000 });
  const started = async () => (await lane.records(`${plan.digest.slice(0, 12)}-1`)).map(({ type }) => type);
  await expect.poll(started, { timeout: 20_000 }).toContain('started');
  await lane.killAgents();
  // The guard's deadline and the life of a lease pass.
  await ledger.ledger.clock.advance(22_000_000_000_000n);
  const { outcome, run: id } = await running;
  expect(outcome).toBe('failed');
  const { bill, shown } = await billed(id);
  const atExpiry = shown.filter(({ name, scheduled }) => scheduled && name === 'CONSENSUSSUBMITMESSAGE');
  expect(atExpiry).toHaveLength(2);
  // Both are short enough for the price of the first 100 bytes, or a little more.
  const price = toTinybar(messagePrice(100), RATE);
  for (const { charged_tx_fee: fee } of atExpiry) {
    expect(BigInt(fee)).toBeGreaterThanOrEqual(price);
    expect(BigInt(fee)).toBeLessThan(2n * price);
  }
  expect(bill.tinybar).toBeLessThanOrEqual(estimated(plan, 'most'));
});
