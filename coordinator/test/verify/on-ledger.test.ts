import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gatherBill } from '@gatepost/coordinator/shell/reports/bill-evidence';
import { gatherEvidence } from '@gatepost/coordinator/shell/reports/verify-evidence';
import { replay } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { emptyState } from '@gatepost/rules/run/run-state';
import { replay as replayEvidence } from '@gatepost/rules/verify/replay';
import { verify } from '@gatepost/rules/verify/verify';
import { prepareBatch } from '@gatepost/shared/hedera/batch';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { associateToken, createToken, tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { createTopic, messageTransaction } from '@gatepost/shared/hedera/topics';
import { execute, send } from '@gatepost/shared/hedera/transaction';
import { createLogger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { namesOf } from '@gatepost/shared/records/task-names';
import { jsonDigest, sha256 } from '@gatepost/shared/vocabulary/digest';
import { BATCH_PRICE, tokenTransferPrice, toTinybar } from '@gatepost/shared/vocabulary/fees';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LedgerFixture, openLedger } from '../../../shared/test/ledger-fixture.js';
import { planOf, taskOf } from '../core/plans.js';

let fixture: LedgerFixture;
let coordinator: Connection;
let agent: Connection;
let stranger: Connection;
/** Another agent that the coordinator trusts. */
let liar: Connection;
let journal: TopicId;
let inbox: TopicId;
let token: TokenId;
/** Messages on the journal so far. */
let written = 0;

const NAMES = namesOf(['a']);
const PLAN = sha256('plan');
const INPUT = jsonDigest({ input: null });

async function say(
  author: Connection,
  topic: TopicId,
  run: string | undefined,
  ...records: AnyRecord[]
): Promise<void> {
  for (const message of packRecords(run, records, NAMES)) await send(author, messageTransaction(topic, message));
  if (topic === journal) written += 1;
}

/** Pays an attempt as a coordinator does: the transfer and its record in one batch. */
async function settle(run: string): Promise<void> {
  const transfer = coordinator.nextTransactionId();
  const payments = [{ task: 'a', attempt: 1, to: agent.account, amount: '7' }];
  const [record] = packRecords(run, [{ type: 'settled', token, transfer, payments }], NAMES);
  const inner = [
    tokenTransfer(coordinator, token, [{ to: agent.account, amount: 7n }]),
    messageTransaction(journal, record ?? Buffer.alloc(0)),
  ];
  requireDone(await execute(coordinator, await prepareBatch(coordinator, inner, { innerIds: [transfer] })));
  written += 1;
}

async function open(run: string): Promise<void> {
  await say(coordinator, journal, run, { type: 'run_opened', plan_sha256: PLAN, name: 'real', tasks: 1, token });
  const attempt = { task: 'a', attempt: 1 };
  const order = { task_type: 't', input_sha256: INPUT, input_size: 14, deadline_ms: 4_000_000_000_000 };
  await say(coordinator, inbox, run, { type: 'assign', ...attempt, ...order, price: '7', token });
  await say(agent, journal, run, { type: 'result', ...attempt, outcome: 'ok', output_sha256: PLAN, output_size: 1 });
  await say(coordinator, journal, run, { type: 'verdict', ...attempt, accepted: true, gate: 'none', reason: '' });
}

async function close(run: string): Promise<void> {
  await say(coordinator, journal, run, { type: 'run_closed', outcome: 'complete', state_sha256: PLAN });
}

/** Waits until the mirror shows what was written. */
async function mirrored(): Promise<void> {
  for (;;) {
    let seen = 0;
    for await (const { sequence_number } of coordinator.mirror.messagesAfter(journal, 0)) seen = sequence_number;
    if (seen >= written) return;
    await pause(20);
  }
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
}

/** The command as it is installed, in a process of its own that knows nothing but the mirror; `npm test` builds before. */
function command(...args: readonly string[]): Promise<Ended> {
  const { mirrorRest } = coordinator.network;
  const env = { PATH: process.env.PATH ?? '', GATEPOST_NETWORK: 'local', GATEPOST_MIRROR_REST: mirrorRest };
  const main = join(import.meta.dirname, '../../bin/coordinator.js');
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args, '--journal', journal], { env }, (_error, stdout) => {
      resolve({ status: child.exitCode, stdout });
    });
  });
}

beforeAll(async () => {
  fixture = await openLedger();
  [coordinator, agent, stranger] = [await fixture.newAccount(), await fixture.newAccount(), await fixture.newAccount()];
  liar = await fixture.newAccount();
  journal = await createTopic(coordinator, { memo: 'journal' });
  inbox = await createTopic(agent, { memo: 'inbox', submitKey: coordinator.key.publicKey });
  token = await createToken(coordinator, { name: 'T', symbol: 'T', decimals: 0, initialSupply: 1_000n });
  await associateToken(agent, token);
  const life = { session: 's', inbox, address: '127.0.0.1:1', capabilities: ['t'], slots: 1 };
  await say(liar, journal, undefined, { type: 'online', ...life });
  await say(agent, journal, undefined, { type: 'online', ...life });
  await open('run-1');
  await settle('run-1');
  await close('run-1');
  await mirrored();
});

afterAll(() => fixture?.close());

it('an honest run on a real ledger keeps every rule', async () => {
  const report = verify(await gatherEvidence(coordinator.mirror, journal));
  expect(report.findings).toEqual([]);
  expect(report.runs).toMatchObject([{ run: 'run-1', outcome: 'complete', payments: 1, paid: 7n }]);
});

it('an inbox is its creator\u2019s for the coordinator\u2019s fold and for verify, although another agent announced it first', async () => {
  const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
  const agents = new Set([liar.account, agent.account]);
  const feed = new LedgerFeed(hederaLedger(coordinator, log), journal, agents, log);
  const context = {
    run: 'run-1',
    plan: planOf([taskOf('a')]),
    coordinator: coordinator.account,
    journal,
    token,
    agents,
  };
  const state = emptyState(context);
  await replay(feed, state, log);
  expect([...state.inboxes]).toEqual([[inbox, agent.account]]);
  expect([...state.agents.keys()]).toEqual([agent.account]);
  const { inboxOwners } = replayEvidence(await gatherEvidence(coordinator.mirror, journal));
  expect([...inboxOwners].map(([topic, owner]) => [topic, owner.agent])).toEqual([...state.inboxes]);
});

it('its bill is what the ledger charged', async () => {
  const { bill, rate } = await gatherBill(coordinator.mirror, journal, undefined);
  expect(bill.tasks).toMatchObject([{ task: 'a', attempts: 1, tokens: 7n }]);
  expect(bill.kinds.map(({ name, count, failed }) => [name, count, failed])).toEqual([
    ['ATOMICBATCH', 1, 0],
    ['CONSENSUSSUBMITMESSAGE', 5, 0],
    ['CRYPTOTRANSFER', 1, 0],
    ['CONSENSUSSUBMITMESSAGE', 1, 0],
  ]);
  const [batch, , transfer] = bill.kinds;
  expect(batch?.tinybar).toBe(toTinybar(BATCH_PRICE, rate));
  expect(transfer?.tinybar).toBe(toTinybar(tokenTransferPrice(2), rate));
  const shared = bill.tasks.reduce((sum, { tinybar }) => sum + tinybar, 0n);
  expect(shared + bill.overheadTinybar).toBe(bill.tinybar);
  expect(rate).toEqual({ hbars: 1, cents: 12 });
});

it('more than a page of what strangers write changes nothing', async () => {
  const noise: AnyRecord = { type: 'verdict', task: 'a', attempt: 1, accepted: false, gate: 'x', reason: 'noise' };
  await Promise.all(Array.from({ length: 120 }, () => say(stranger, journal, 'run-1', noise)));
  await mirrored();
  const report = verify(await gatherEvidence(coordinator.mirror, journal));
  expect(report.findings).toEqual([]);
  expect(report.ignored.get('verdict by another than the coordinator')).toBe(120);
});

it('what strangers write in a batch, or by a schedule that runs at once, does not look altered', async () => {
  const inner = ['one', 'two'].map((text) => messageTransaction(journal, Buffer.from(text)));
  expect((await execute(stranger, await prepareBatch(stranger, inner))).kind).toBe('done');
  await send(stranger, messageTransaction(journal, Buffer.from('three')).schedule());
  written += 3;
  await say(stranger, journal, undefined, { type: 'offline', session: 'none', reason: 'the chain goes on' });
  await mirrored();
  const report = verify(await gatherEvidence(coordinator.mirror, journal));
  expect(report.findings).toEqual([]);
  expect(report.ignored.get('malformed message on the journal')).toBe(3);
});

it('the command ends with 0 when every rule holds and needs no key', async () => {
  const text = await command('verify');
  expect(text).toMatchObject({ status: 0, stdout: expect.stringContaining('rules hold') });
  expect((await command('bill', '--json')).status).toBe(0);
});

it('the command ends with 1 when tokens leave the treasury beside a run', async () => {
  await open('run-2');
  await send(coordinator, tokenTransfer(coordinator, token, [{ to: agent.account, amount: 7n }]));
  await mirrored();
  const { status, stdout } = await command('verify', '--json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    holds: false,
    findings: [{ rule: 'transfer-outside-batch', run: 'run-2' }],
    runs: [
      { run: 'run-1', violations: 0, paid: '7' },
      { run: 'run-2', outcome: 'open', violations: 1 },
    ],
  });
});

it('the command says so when there is no such run', async () => {
  expect((await command('verify', '--run', 'nothing')).status).toBe(1);
});
