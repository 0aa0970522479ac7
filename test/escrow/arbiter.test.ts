import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPlan } from '@gatepost/coordinator/shell/plan/plan-cache';
import { gatherEvidence } from '@gatepost/coordinator/shell/reports/verify-evidence';
import { initialise } from '@gatepost/coordinator/shell/setup/initialise';
import { decideDispute } from '@gatepost/gatekeeper/shell/arbiter/decide-dispute';
import { disputesOf } from '@gatepost/gatekeeper/shell/arbiter/evidence';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { askArbiter } from '@gatepost/party/run/ask-arbiter';
import { type NamedRun, openRun } from '@gatepost/party/run/open-run';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { verify } from '@gatepost/rules/verify/verify';
import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { associateToken, tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { createLogger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { msFromNanos, NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { baseEnvironment, type ChildEnvironment, runCommand } from 'gatepost/stage/command';
import type { CommandName } from 'gatepost/stage/layout';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LedgerFixture, openLedger } from '../../shared/test/ledger-fixture.js';
import { CHECKOUT } from '../src/stage/layout.js';

const PLAN = `name: disputed
sequences:
  - id: only
    tasks:
      - { id: unjudged, type: work, price: 10, gate: { command: ["true"] } }
      - { id: unpaid, type: work, price: 20, gate: { command: ["true"] } }
      - { id: bad, type: work, price: 40, attempts: 1, gate: { command: ["true"] } }
`;
const RUN = 'disputed-1';
const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'fatal' });
const directory = mkdtempSync(join(tmpdir(), 'gatepost-arbiter-'));
let fixture: LedgerFixture;
let [coordinator, gatekeeper, arbiter, agent] = [] as unknown as Connection[] as [
  Connection,
  Connection,
  Connection,
  Connection,
];
let made: { journal: TopicId; token: TokenId; escrow: AccountId; inbox: TopicId };
let named: NamedRun;
let env: ChildEnvironment = {};
const opened: Connection[] = [];

/** What a party says on a topic. */
async function say(
  as: Connection,
  record: AnyRecord,
  topic: TopicId = made.journal,
  run: string | undefined = RUN,
): Promise<void> {
  const ledger = hederaLedger(as, log);
  for (const message of packRecords(run, [record], taskNamesOf(named.plan))) {
    requireDone(await ledger.execute(await ledger.prepare([{ kind: 'message', topic, message }])));
  }
}

const nowMs = () => msFromNanos(fixture.ledger.clock.now());
const held = async () => (await coordinator.mirror.tokenBalance(agent.account, made.token)) ?? 0n;
const read = () => openRun(hederaLedger(coordinator, log), named, log);

async function deliver(task: string, price: string): Promise<void> {
  const input = { input_sha256: sha256(task), input_size: 2, task_type: 'work' };
  const terms = { deadline_ms: nowMs() + 3_600_000, price, token: made.token, judge: gatekeeper.account };
  await say(coordinator, { type: 'assign', task, attempt: 1, ...input, ...terms }, made.inbox);
  const output = { output_sha256: sha256('"done"'), output_size: 6, output: '"done"' };
  await say(agent, { type: 'result', task, attempt: 1, outcome: 'ok', ...output });
}

/** So much passes on the network that nothing signed before may still happen. */
async function quiet(): Promise<void> {
  await fixture.ledger.clock.advance(181n * NANOS_PER_SECOND);
  await send(agent, tokenTransfer(agent, made.token, []).addHbarTransfer(agent.account, 0));
}

/** A party with an account of its own, whose key its commands find in the environment. */
async function party(name: 'COORDINATOR' | 'GATEKEEPER' | 'ARBITER'): Promise<Connection> {
  const { key, der } = generateAccountKey();
  const { operator, ledger } = fixture;
  const account = await createAccount(operator, key.publicKey, 100);
  const { consensus, mirrorGrpc, mirrorRest } = ledger.ports;
  env = {
    ...baseEnvironment(),
    ...env,
    GATEPOST_NODE: `127.0.0.1:${consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${mirrorRest}`,
    [`${name}_ACCOUNT_ID`]: account,
    [`${name}_PRIVATE_KEY`]: der,
  };
  const connection = connect(operator.network, account, key, nowMs);
  opened.push(connection);
  return connection;
}

beforeAll(async () => {
  fixture = await openLedger();
  coordinator = await party('COORDINATOR');
  gatekeeper = await party('GATEKEEPER');
  arbiter = await party('ARBITER');
  agent = await fixture.newAccount();
  const names = {
    agents: [agent.account],
    journal: undefined,
    token: undefined,
    tokenName: 'Credit',
    tokenSymbol: 'C',
    supply: 1_000n,
  };
  const parties = { gatekeeper: gatekeeper.account, arbiter: arbiter.account };
  const { journal, token, escrow } = await initialise(coordinator, {
    ...names,
    ...parties,
    configFile: join(directory, 'coordinator.yaml'),
  });
  if (escrow === undefined) throw new Error('no escrow');
  const submitKey = coordinator.key.publicKey;
  made = { journal, token, escrow, inbox: await createTopic(agent, { memo: 'inbox', submitKey }) };
  await associateToken(agent, token);
  await send(coordinator, tokenTransfer(coordinator, token, [{ to: escrow, amount: 100n }]));
  writeFileSync(join(directory, 'plan.yaml'), PLAN);
  const plan = loadPlan(join(directory, 'plan.yaml'));
  // As the host that runs it does.
  keepPlan(join(directory, 'state'), plan);
  named = { journal, coordinator: coordinator.account, run: RUN, plan };
  const mode = { ...parties, escrow };
  await say(coordinator, { type: 'run_opened', plan_sha256: plan.digest, name: plan.name, tasks: 3, token, ...mode });
  const life = { session: 's', address: '127.0.0.1:1', capabilities: ['work'], slots: 1 };
  await say(agent, { type: 'online', ...life, inbox: made.inbox }, journal, undefined);
  await deliver('unjudged', '10');
  await deliver('unpaid', '20');
  await deliver('bad', '40');
  const judged = { type: 'verdict' as const, attempt: 1, gate: 'command', reason: 'seen' };
  await say(gatekeeper, { ...judged, task: 'unpaid', accepted: true });
  await say(gatekeeper, { ...judged, task: 'bad', accepted: false });
}, 60_000);

afterAll(async () => {
  for (const connection of opened) connection.close();
  await fixture?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What the console blocks of the document call, and of them what is called where a gatekeeper serves (test/e2e/gatekeeper.test.ts). */
const DOCUMENTED = [...readFileSync(join(CHECKOUT, 'docs/gatekeeper.md'), 'utf8').matchAll(/^\$ (.+)$/gm)].map(
  ([, call = '']) => call,
);
const WHERE_IT_SERVES = ['gatekeeper serve', 'coordinator init', 'coordinator fund'];
const called = new Set<string>();

/** Calls a documented command as it stands there, with what is the reader's own filled in. */
async function documented(start: string, own: Readonly<Record<string, string>> = {}, wanted = 0): Promise<string> {
  const line = DOCUMENTED.find((call) => call.startsWith(start)) ?? '';
  called.add(line);
  const fill: Readonly<Record<string, string>> = {
    '0.0.1001': coordinator.account,
    '0.0.1003': agent.account,
    '0.0.1004': agent.account,
    '0.0.1005': made.journal,
    '24fc41ab7d60-1': RUN,
    'plan.yaml': join(directory, 'plan.yaml'),
    './gates': join(directory, 'gates'),
    'report.json': join(directory, 'report.json'),
    ...own,
  };
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? fill[bare] ?? bare);
  const [command = '', ...args] = words;
  const config = command === 'arbiter' ? [] : ['--config', join(directory, `${command}.yaml`)];
  const { code, stdout, stderr } = await runCommand(command as CommandName, [...args, ...config], env);
  expect(code, `${line}: ${stdout}${stderr}`).toBe(wanted);
  return stdout + stderr;
}

it('the gatekeeper is set up, and each party asks, by the commands of docs/gatekeeper.md', async () => {
  expect(await documented('gatekeeper init')).toContain('gatekeeper.yaml');
  const [examined, byCoordinator, byGatekeeper] = await Promise.all([
    documented('gatekeeper doctor'),
    documented('coordinator dispute', { report: 'unjudged' }),
    documented('gatekeeper dispute', { report: 'unpaid' }),
  ]);
  expect(examined).toContain('journal');
  expect(byCoordinator).toContain('the arbiter is asked to pay 10');
  expect(byGatekeeper).toContain('the arbiter is asked to pay 20');
  writeFileSync(join(directory, 'report.json'), '"done"');
  const shown = await documented('arbiter show', { report: 'unpaid' });
  expect(shown).toContain('the given file is that output');
  expect(shown).toContain('accepted by command: seen');
  // What it does with a dispute is below: a command goes by the time of this host, the network of this test is ahead of it.
  expect(await documented('arbiter decide', { report: 'bad' }, 2)).toContain('has no dispute of bad to decide on');
  const elsewhere = DOCUMENTED.filter((call) => WHERE_IT_SERVES.some((start) => call.startsWith(start)));
  expect([...called, ...elsewhere].sort()).toEqual([...DOCUMENTED].sort());
}, 60_000);

it('coordinator and arbiter pay what the gatekeeper does not judge; gatekeeper and arbiter what the coordinator does not pay', async () => {
  await askArbiter(coordinator, hederaLedger(coordinator, log), await read(), { task: 'bad', reason: 'not paid' });
  expect(await held()).toBe(0n);
  expect(disputesOf(await read(), 'bad')).toMatchObject([
    { attempt: 'bad#1', verdict: { accepted: false }, output: { text: '"done"' }, decision: null },
  ]);
  await expect(
    askArbiter(coordinator, hederaLedger(coordinator, log), await read(), { task: 'bad', reason: 'again' }),
  ).rejects.toThrow(/disputed already/);
  await quiet();
  const decide = (as: Connection, task: string, pay: boolean) =>
    decideDispute(as, named, { task, pay, reason: 'seen' }, log);
  await expect(decide(gatekeeper, 'unpaid', true)).rejects.toThrow(/the arbiter of run/);
  await decide(arbiter, 'unjudged', true);
  expect(await held()).toBe(10n);
  await decide(arbiter, 'unpaid', true);
  await decide(arbiter, 'bad', false);
  expect(await held()).toBe(30n);
  // What broke off is done again, and changes nothing.
  await decide(arbiter, 'unpaid', true);
  await expect(decide(arbiter, 'bad', true)).rejects.toThrow(/last word/);
  expect(await held()).toBe(30n);
  const { tasks } = await read();
  expect([...tasks.values()].map(({ status }) => status)).toEqual(['paid', 'paid', 'failed']);
}, 60_000);

it('and verify finds nothing wrong with it, from the mirror alone, with the plan and without', async () => {
  const evidence = await gatherEvidence(coordinator.mirror, made.journal);
  for (const plan of [named.plan, undefined]) {
    const { findings, runs } = verify(evidence, { plan });
    expect(findings).toEqual([]);
    expect(runs).toMatchObject([{ arbiter: arbiter.account, payments: 2, paid: 30n }]);
  }
});
