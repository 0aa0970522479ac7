import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

/** Most of the time is spent waiting until a dead process can no longer have paid anything. */
const LANES = 5;
const PRICE = 7;

/** Delivers what the gate wants only after it was told what was wrong. */
const LEARNER =
  "process.stdin.toArray().then((all) => process.stdout.write(Buffer.concat(all).includes('feedback') ? 'good' : 'bad'))";
const WANTS_GOOD =
  "process.stdin.toArray().then((all) => process.exit(JSON.parse(Buffer.concat(all)).output === 'good' ? 0 : 1))";

/** Three tasks, of which one is rejected once; the name makes it a plan of its own. */
const smallPlan = (name: string) => ({
  name,
  defaults: { price: PRICE, deadline: '30s', attempts: 2, gate: 'none' },
  sequences: [
    {
      id: 'only',
      tasks: [
        { id: 'first', type: 'learn', input: name },
        { id: 'learns', type: 'learn', input: name, gate: { command: ['node', '-e', WANTS_GOOD] } },
        { id: 'last', type: 'learn', input: name, depends_on: ['first', 'learns'] },
      ],
    },
  ],
});

let ledger: TestLedger;
let coordinators: CoordinatorProcess[];

beforeAll(async () => {
  ledger = await TestLedger.start();
  const executors = { learn: { command: ['node', '-e', LEARNER] } };
  const lanes = await Promise.all(Array.from({ length: LANES }, () => Lane.open(ledger, executors)));
  coordinators = lanes.map((lane) => new CoordinatorProcess(lane));
}, 120_000);

afterAll(async () => {
  await Promise.all(coordinators.map(({ lane }) => lane.close()));
  await ledger.close();
});

function writePlan({ lane }: CoordinatorProcess, name: string): string {
  const file = join(lane.directory, `${name}.yaml`);
  writeFileSync(file, stringify(smallPlan(name)));
  return file;
}

const runOf = (output: string): string => /"run":"([^"]+)"/.exec(output)?.[1] ?? '';

/** Kills at a boundary, starts again with an empty disk, and looks at what was paid. */
async function killAt(coordinator: CoordinatorProcess, boundary: number): Promise<void> {
  const { lane } = coordinator;
  const name = `killed-after-${boundary}`;
  const plan = writePlan(coordinator, name);
  const before = await lane.held();
  const killed = await coordinator.run(plan, boundary);
  // Records that happen to share a message make a run with fewer transactions, which then ends by itself.
  if (killed.transactions >= boundary) expect(killed.signal, `${name}: ${killed.output}`).toBe('SIGKILL');
  else expect(killed.code, `${name}: ${killed.output}`).toBe(0);
  coordinator.forget();
  const resumed = await coordinator.run(plan);
  expect(resumed.code, `${name}: ${resumed.output}`).toBe(0);
  const run = runOf(resumed.output);
  const payments = (await lane.records(run)).flatMap((record) => (record.type === 'settled' ? record.payments : []));
  expect(payments.map(({ task }) => task).sort(), name).toEqual(['first', 'last', 'learns']);
  expect((await lane.held()) - before, name).toBe(3n * BigInt(PRICE));
  const verified = await coordinator.verify(plan, run);
  expect(verified.code, `${name}: ${verified.output}`).toBe(0);
}

it('killed by SIGKILL after each of its transactions, and started again without its disk, each task is paid once', {
  timeout: 900_000,
}, async () => {
  const [counting] = coordinators;
  if (counting === undefined) throw new Error('no lane');
  const { transactions, code, output } = await counting.run(writePlan(counting, 'counted'));
  expect(code, output).toBe(0);
  expect(output).toContain('"event":"rejected"');
  expect(transactions).toBeGreaterThan(9);
  const boundaries = Array.from({ length: transactions }, (_, index) => index + 1);
  await Promise.all(
    coordinators.map(async (coordinator) => {
      for (let next = boundaries.shift(); next !== undefined; next = boundaries.shift())
        await killAt(coordinator, next);
    }),
  );
});
