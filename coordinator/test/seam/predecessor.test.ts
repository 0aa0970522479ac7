import { hostDigest } from '@gatepost/coordinator/shell/ledger/identity';
import { messageTransaction } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { packRecords } from '@gatepost/shared/records/codec';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf, taskOf } from '../core/plans.js';
import { Lane, TestLedger } from '../support/stage.js';

const EXECUTORS = { work: { command: ['printf', 'done'] } };
const gates = [{ kind: 'none' as const }];

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

const seen = (type: string, times: number) =>
  expect
    .poll(
      async () => {
        const { mirror } = lane.coordinator.connection;
        let found = 0;
        for await (const { message } of mirror.messagesAfter(lane.journal, 0)) {
          if (message.toString().includes(`"${type}"`)) found += 1;
        }
        return found;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThanOrEqual(times);

it('what its predecessor does after the successor has read, and before it says so, is known to the successor', async () => {
  const plan = planOf([taskOf('one', { gates, attempts: 1, deadlineMs: 2_000 })]);
  const [one, two] = [await lane.proxy(), await lane.proxy()];
  const [stopOne, stopTwo] = [new AbortController(), new AbortController()];
  // The first says that it acts and opens the run; its assignment is held back.
  one.hold(3);
  const first = lane.run(plan, one, stopOne.signal);
  await expect.poll(() => one.held, { timeout: 20_000 }).toBe(1);
  // The second has read everything there is, and what it says is held back; meanwhile the first assigns.
  two.hold(1);
  const second = lane.run(plan, two, stopTwo.signal);
  await expect.poll(() => two.held, { timeout: 20_000 }).toBe(1);
  one.release();
  await seen('output', 1);
  two.release();
  expect((await first).why).not.toBe('interrupted');
  const { summary } = await second;
  expect(summary.tasks.map(({ status, attempts, paid }) => [status, attempts, paid])).toEqual([['paid', 1, '10']]);
  expect(await lane.held()).toBe(10n);
  for (const proxy of [one, two]) proxy.close();
}, 120_000);

it('a number that a dead predecessor took, unseen until now, is no reason to stop', async () => {
  const proxy = await lane.proxy();
  const { connection } = lane.coordinator;
  proxy.hold(1);
  const plan = planOf([taskOf('after-the-dead', { gates })]);
  const run = lane.run(plan, proxy, new AbortController().signal);
  await expect.poll(() => proxy.held, { timeout: 20_000 }).toBe(1);
  // What it said before it was killed gets through first, with the number that its successor is about to use.
  const epochs = (await lane.records(undefined)).map((record) => (record.type === 'epoch' ? record.epoch : 0));
  const epoch = Math.max(...epochs) + 1;
  const begun = {
    type: 'epoch',
    epoch,
    instance: 'killed',
    host: hostDigest(),
    pid: 4_194_305,
    state: 'begun',
  } as const;
  for (const message of packRecords(undefined, [begun]))
    await send(connection, messageTransaction(lane.journal, message));
  proxy.release();
  const { why, summary } = await run;
  expect([why, summary.outcome]).toEqual(['closed', 'complete']);
  proxy.close();
}, 120_000);
