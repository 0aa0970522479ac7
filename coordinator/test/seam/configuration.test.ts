import type { Plan } from '@gatepost/rules/plan/plan';
import { mirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import { createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { createLogger } from '@gatepost/shared/log';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { standingOf } from '../../src/shell/reports/standing.js';
import { planOf, taskOf } from '../core/plans.js';
import { HeldTasks } from '../support/held-tasks.js';
import { Lane, type RunChange, TestLedger } from '../support/stage.js';

const held = new HeldTasks();
const gates = [{ kind: 'none' as const }];

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, { work: { command: ['printf', 'done'] }, held: held.executor });
});

afterAll(async () => {
  await lane.close();
  await ledger.close();
  held.remove();
});

async function run(plan: Plan, change: RunChange = {}, signal = new AbortController().signal) {
  const proxy = await lane.proxy();
  try {
    return await lane.run(plan, proxy, signal, change);
  } finally {
    proxy.close();
  }
}

/** Sequence number of the newest message. */
async function length(topic: TopicId): Promise<number> {
  let last = 0;
  for await (const { sequence_number } of lane.coordinator.connection.mirror.messagesAfter(topic, 0))
    last = sequence_number;
  return last;
}

it('an open run is not gone on with in another token than it was opened with', async () => {
  const plan = planOf([taskOf('first', { gates }), taskOf('second', { type: 'held', gates, dependsOn: ['first'] })]);
  const interrupt = new AbortController();
  const running = run(plan, {}, interrupt.signal);
  await expect.poll(() => lane.held(), { timeout: 20_000 }).toBe(10n);
  interrupt.abort();
  expect((await running).why).toBe('interrupted');
  const options = { name: 'Other', symbol: 'OTHER', decimals: 0, initialSupply: 1_000n };
  const other: TokenId = await createToken(lane.coordinator.connection, options);
  const before = await length(lane.journal);
  await expect(run(plan, { token: other })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringMatching(new RegExp(`${lane.token}.*${other}.*--new`)),
  });
  expect(await length(lane.journal)).toBe(before);
  held.release('second');
  expect((await run(plan)).summary.outcome).toBe('complete');
  expect(await lane.held()).toBe(20n);
});

it('a plan that was edited while its run is open does not start a second run without a word', async () => {
  const tasks = (price: bigint) => [
    taskOf('one', { gates, price: 10n }),
    taskOf('two', { type: 'held', gates, price, dependsOn: ['one'] }),
  ];
  const interrupt = new AbortController();
  const before = await lane.held();
  const running = run({ ...planOf(tasks(10n)), name: 'edited' }, {}, interrupt.signal);
  await expect.poll(() => lane.held(), { timeout: 20_000 }).toBe(before + 10n);
  interrupt.abort();
  await running;
  const edited = { ...planOf(tasks(11n)), name: 'edited' };
  const written = await length(lane.journal);
  await expect(run(edited)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/open run of an earlier version of this plan: .* \(1 of 2 accepted\).*--new/),
  });
  expect(await length(lane.journal)).toBe(written);
  // An estimate of it says the same, without a key.
  const { network, account } = lane.coordinator.connection;
  const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
  const { earlier } = await standingOf(mirrorReader(network, account, log), lane.config(), edited, log);
  expect(earlier).toMatchObject({ name: 'edited', tasks: 2, accepted: new Set(['#1']) });
  held.release('two');
  // Whoever wants both says so.
  expect((await run(edited, { wantNew: true })).summary.outcome).toBe('complete');
  expect(await lane.held()).toBe(before + 31n);
});

it('a topic that is no journal is refused before anything is written to it', async () => {
  const { connection } = lane.coordinator;
  const inbox = await createTopic(connection, { memo: 'inbox', submitKey: connection.key.publicKey });
  const plan = planOf([taskOf('a', { gates })]);
  await expect(run(plan, { journal: inbox })).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringContaining(inbox),
  });
  expect(await length(inbox)).toBe(0);
  const missing = '0.0.987654' as TopicId;
  await expect(run(plan, { journal: missing })).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
});
