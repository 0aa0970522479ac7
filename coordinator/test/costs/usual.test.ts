import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gatherBill } from '@gatepost/coordinator/shell/reports/bill-evidence';
import type { Gate, Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { FREE_TERMS } from '@gatepost/shared/vocabulary/custom-fees';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { fromTinybar, settlementBytes } from '@gatepost/shared/vocabulary/fees';
import { accountId, scheduleId } from '@gatepost/shared/vocabulary/ids';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/core/decide/limits.js';
import { estimateUsual } from '../../src/core/estimate.js';
import { planOf, taskOf } from '../core/plans.js';
import { Lane, TestLedger } from '../support/stage.js';

const FILL_MS = 500;
/** Payments wait for the end of a run, so that a slow machine does not part them. */
const SETTLED_LATE = { settleAfter: 1_000, settleWithinMs: 60_000 };
const SLOTS = 64;
const outputOf = (reason: string): string => JSON.stringify({ accept: true, reason });
/** Of each output. */
const OUTPUT_BYTES = outputOf('fine').length;
const NONE: readonly Gate[] = [{ kind: 'none' }];
const REVIEW: Gate = { kind: 'agent', type: 'review', price: 3n, deadlineMs: 60_000 };
/** Tinycents. */
const USD = 1e10;
const never = new AbortController().signal;
/** Answers with the same, or with an output for each input. */
const server = createServer(async (request, response) => {
  const order = await text(request);
  response.end(outputOf(request.url === '/same' ? 'fine' : sha256(order).slice(0, 'fine'.length)));
});

let ledger: TestLedger;
let one: Lane;
let several: Lane;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const executor = { http: url };
  ledger = await TestLedger.start();
  const open = (agents: number) =>
    Lane.open(ledger, { work: executor, review: executor, same: { http: `${url}same` } }, agents, {}, undefined, {
      slots: SLOTS,
      fill_within: `${FILL_MS}ms`,
    });
  [one, several] = await Promise.all([open(1), open(3)]);
}, 120_000);

afterAll(async () => {
  await Promise.all([one.close(), several.close()]);
  await ledger.close();
  server.close();
});

const tasks = (count: number, change: Partial<PlanTask> = {}): PlanTask[] =>
  Array.from({ length: count }, (_, n) => taskOf(`t${n}`, { gates: NONE, input: n, ...change }));

/** After a first task: all agents are connected by then, and each gets its share. */
const connected = (given: readonly PlanTask[]): PlanTask[] => [
  taskOf('first', { gates: NONE }),
  ...given.map((task) => ({ ...task, dependsOn: ['first'] })),
];

/** The usual estimate and the bill of a run, from its opening to its closing, in US dollars. */
async function compared(lane: Lane, plan: Plan): Promise<{ readonly estimate: number; readonly bill: number }> {
  const isSameOutput = plan.tasks.some(({ type }) => type === 'same');
  const agents = lane.agents.map(({ connection }) => connection.account);
  const outputs = { outputBytes: OUTPUT_BYTES, isSameOutput };
  const pace = { agents, token: lane.token, slots: SLOTS, taskMs: 0, ...outputs, fillMs: FILL_MS };
  const usual = estimateUsual(
    plan,
    { ...pace, ledgerMs: 20, limits: { ...DEFAULT_LIMITS, ...SETTLED_LATE } },
    FREE_TERMS,
    () => false,
  );
  const outside = usual.kinds.find(({ what }) => what === 'coordinator begins, ends')?.price ?? 0n;
  const proxy = await lane.proxy();
  const { summary } = await lane.run(plan, proxy, never, { fillMs: FILL_MS, limits: SETTLED_LATE });
  proxy.close();
  expect(summary.outcome).toBe('complete');
  const { bill, rate } = await gatherBill(lane.coordinator.connection.mirror, lane.journal, summary.run);
  expect(usual.tokens).toBe(bill.tokens);
  return { estimate: Number(usual.fees - outside), bill: Number(fromTinybar(bill.tinybar, rate)) };
}

describe.concurrent('what a run usually costs is within a tenth of its bill', () => {
  const expectClose = async (lane: Lane, plans: Readonly<Record<string, readonly PlanTask[]>>) => {
    for (const [name, given] of Object.entries(plans)) {
      const { estimate, bill } = await compared(lane, planOf(given, { name, digest: sha256(randomUUID()) }));
      expect(
        Math.abs(estimate / bill - 1),
        `${name}: $${estimate / USD} estimated, $${bill / USD} billed`,
      ).toBeLessThan(0.1);
    }
  };

  // A machine that is slow for a moment parts what would share a message; an estimate that is wrong is so each time.
  it('with one agent', { timeout: 60_000, retry: 3 }, async () => {
    await expectClose(one, {
      'many tasks': tasks(60),
      'many tasks of one output': tasks(60, { type: 'same' }),
      'a chain': [
        taskOf('t0', { gates: NONE }),
        taskOf('t1', { gates: NONE, dependsOn: ['t0'], input: { before: { $output: 't0' } } }),
      ],
    });
  });

  it('with several agents', { timeout: 60_000, retry: 3 }, async () => {
    await expectClose(several, {
      'many tasks': connected(tasks(90)),
      guards: connected(tasks(4, { guard: true })),
      'quorum and review': connected([
        ...tasks(9, { gates: [{ kind: 'quorum', of: 3, agree: 2 }] }),
        ...tasks(9, { gates: [...NONE, REVIEW] }).map((task) => ({ ...task, id: `reviewed-${task.id}` })),
      ]),
    });
  });
});

it.each([
  [1, 100, 0],
  [9, 500, 0],
  [2, 1_000, 1],
  [3, 300, 5],
])('a settlement of %i payees, %i bytes and %i guards is as large as its price says', async (payees, bytes, guards) => {
  const { connection } = one.coordinator;
  const hedera = hederaLedger(connection, pino({ level: 'silent' }));
  const to = Array.from({ length: payees }, (_, n) => ({ to: accountId(`0.0.${1_000 + n}`), amount: 100n }));
  const deletions = Array.from({ length: guards }, (_, n) => scheduleId(`0.0.${2_000 + n}`));
  const prepared = await hedera.prepare(
    [
      { kind: 'transfer', token: one.token, payees: to },
      { kind: 'message', topic: one.journal, message: Buffer.alloc(bytes, 'x') },
      ...deletions.map((schedule) => ({ kind: 'unschedule' as const, schedule })),
    ],
    { firstId: hedera.nextTransactionId() },
  );
  expect(Math.abs(prepared.bytes.length - settlementBytes(payees, bytes, guards))).toBeLessThan(30);
});
