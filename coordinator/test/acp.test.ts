import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { Lane, TestLedger } from './support/stage.js';

const CHECKOUT = dirname(dirname(import.meta.dirname));
/** The example agent of the protocol's own SDK, as it was published, of another version than ours. */
const STOCK = join(CHECKOUT, 'node_modules/acp-stock/dist/examples/agent.js');
const EXECUTORS = {
  code: { acp: ['node', STOCK], permissions: [{ kind: 'edit' }], read: [CHECKOUT] },
  careful: { acp: ['node', STOCK], read: [CHECKOUT] },
};
const never = new AbortController().signal;
/** What the agent says at its end when it was allowed its change. */
const argv = ['sh', '-c', 'cat | grep -q "successfully updated"'];

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS);
}, 60_000);

afterAll(async () => {
  await lane?.close();
  await ledger?.close();
});

it('the example agent of the SDK of ACP is paid for a task whose gate accepts, and not for one that it was refused', {
  timeout: 60_000,
}, async () => {
  const gates = [{ kind: 'command' as const, argv, timeoutMs: 10_000 }];
  const input = { instructions: 'Change the configuration.' };
  const plan = planOf([
    taskOf('allowed', { type: 'code', input, gates }),
    taskOf('refused', { type: 'careful', input, gates, attempts: 1 }),
  ]);
  const proxy = await lane.proxy();
  const { summary } = await lane.run(plan, proxy, never);
  proxy.close();
  const of = (task: string) => summary.tasks.find((entry) => entry.task === task);
  expect(of('allowed')).toMatchObject({ status: 'paid', paid: '10' });
  expect(of('refused')).toMatchObject({ status: 'failed', paid: '0' });
  expect(await lane.held()).toBe(10n);
});
