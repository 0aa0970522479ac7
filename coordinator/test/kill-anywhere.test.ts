import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import type { CutPoint } from './support/node-proxy.js';
import { Lane, TestLedger } from './support/stage.js';

const ECHO = "process.stdin.resume().on('end', () => process.stdout.write('done'))";
const LANES = 4;
/** What a coordinator that is cut off after a transaction left behind is also seen when its process is killed there (sigkill.test.ts). */
const PHASES = process.env.THOROUGH === '1' ? (['before', 'after'] as const) : (['before'] as const);
const never = new AbortController().signal;

let ledger: TestLedger;
let lanes: Lane[];

beforeAll(async () => {
  ledger = await TestLedger.start();
  lanes = await Promise.all(
    Array.from({ length: LANES }, () => Lane.open(ledger, { work: { command: ['node', '-e', ECHO] } })),
  );
}, 120_000);

afterAll(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
  await ledger.close();
});

const PRICE = 7n;
/** Two tasks, one after the other; the name makes it a plan of its own. */
const smallPlan = (name: string) => {
  const gates = [{ kind: 'none' as const }];
  const first = taskOf('first', { price: PRICE, gates, type: 'work', input: name });
  return planOf([first, taskOf('second', { price: PRICE, gates, dependsOn: ['first'], input: name })], { name });
};

/** Cuts a coordinator off at a point, starts another with nothing on its disk, and looks at what was paid. */
async function killAt(lane: Lane, point: CutPoint): Promise<void> {
  const name = `${point.phase} ${point.transaction}`;
  const plan = smallPlan(name);
  const before = await lane.held();
  const doomed = await lane.proxy(point);
  const dead = new AbortController();
  const first = lane.run(plan, doomed, dead.signal).catch(() => undefined);
  await Promise.race([doomed.cut(), first]);
  dead.abort();
  const proxy = await lane.proxy();
  const { why, summary } = await lane.run(plan, proxy, never);
  expect(why, name).toBe('closed');
  expect(summary.outcome, name).toBe('complete');
  const records = await lane.records(summary.run);
  const payments = records.flatMap((record) => (record.type === 'settled' ? record.payments : []));
  expect(payments.map(({ task }) => task).sort(), name).toEqual(['first', 'second']);
  expect((await lane.held()) - before, name).toBe(2n * PRICE);
  proxy.close();
  doomed.close();
}

it(`cut off ${PHASES.join(' or ')} each of its transactions, and started again without its disk, each task is paid once`, {
  timeout: 600_000,
}, async () => {
  const [lane] = lanes;
  if (lane === undefined) throw new Error('no lane');
  const counting = await lane.proxy();
  await lane.run(smallPlan('counted'), counting, never);
  const total = counting.transactions;
  counting.close();
  expect(total).toBeGreaterThan(7);
  const points = Array.from({ length: total }, (_, index) => index + 1).flatMap((transaction) =>
    PHASES.map((phase): CutPoint => ({ transaction, phase })),
  );
  await Promise.all(
    lanes.map(async (own, index) => {
      for (let next = index; next < points.length; next += LANES) {
        const point = points[next];
        if (point !== undefined) await killAt(own, point);
      }
    }),
  );
});
