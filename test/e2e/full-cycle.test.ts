import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, runCommand } from 'gatepost/stage/command';
import type { StageAgent } from 'gatepost/stage/stage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type SeenRecord } from '../src/check/mirror-truth.js';
import { idsOf, withIds } from '../src/check/read-message.js';
import { converse, nativeKey, openAgent, peerCertificate, register, sha256Hex, unary } from './black-box-client.js';
import { example, expectVerified, openTestStage, type TestStage } from './stage-for-tests.js';

/** Task -> agent index and price, as examples/dependency-audit.yaml says. */
const PLAN = { inventory: [0, 1200], sizes: [1, 900], report: [0, 400] } as const;

const RUN_TIMEOUT_MS = 300_000;

let opened: TestStage;
let run: Finished;
let journal: SeenRecord[];
let assigns: SeenRecord[];

const agent = (index: number): StageAgent => opened.stage.agents[index] as StageAgent;
const ofType = (type: string) => journal.filter((record) => record.type === type);
const ofTask = (records: readonly SeenRecord[], task: string) => records.filter((record) => record.task === task);

beforeAll(async () => {
  opened = await openTestStage();
  const { stage, truth } = opened;
  const output = join(opened.directory, 'output');
  const args = [
    'run',
    example('dependency-audit.yaml'),
    '--config',
    stage.coordinator.configFile,
    '--output-dir',
    output,
    '--json',
  ];
  run = await runCommand('coordinator', args, stage.coordinator.env);
  expect(run.code, run.stderr).toBe(0);
  journal = await eventually('the end of the run', async () => {
    const records = await truth.records(stage.journal);
    return records.some(({ type }) => type === 'run_closed') ? records : undefined;
  });
  assigns = (await Promise.all(stage.agents.map(({ inbox }) => truth.records(inbox))))
    .flat()
    .filter(({ type }) => type === 'assign');
  const ids = idsOf(assigns);
  journal = journal.map((record) => withIds(record, ids));
}, RUN_TIMEOUT_MS);

afterAll(() => opened?.close());

describe('the full cycle, read from the mirror', () => {
  it('costs what was estimated, no less and no more', async () => {
    const { stage } = opened;
    const { env, configFile } = stage.coordinator;
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCommand('coordinator', [...args, '--json'], env);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    const { least, most } = await json('estimate', example('dependency-audit.yaml'), '--config', configFile);
    const { usd, tokens } = await json('bill', '--config', configFile);
    // A bill begins with the opening and ends with the closing of the run.
    const outside = ({ kinds }: { kinds: { what: string; price: string }[] }) =>
      Number(kinds.find(({ what }) => what === 'coordinator begins, ends')?.price) / 1e10;
    expect(usd).toBeGreaterThan((least.fees_usd - outside(least)) * 0.99);
    expect(usd).toBeLessThan(most.fees_usd - outside(most));
    expect(tokens).toBe(least.tokens);
  });

  it('begins with the plan and ends complete, both by the coordinator', () => {
    const [begin] = ofType('run_opened');
    const [end] = ofType('run_closed');
    expect(begin).toMatchObject({ author: opened.stage.coordinator.account, tasks: 3, token: opened.stage.token });
    expect(end).toMatchObject({ author: opened.stage.coordinator.account, outcome: 'complete', run: begin?.run });
  });

  it('assigns each task once, on the inbox of the agent that offers its type', async () => {
    expect(assigns).toHaveLength(3);
    for (const [task, [index, price]] of Object.entries(PLAN)) {
      const inbox = await opened.truth.records(agent(index).inbox);
      const [assign] = ofTask(inbox, task);
      expect(assign, task).toMatchObject({
        type: 'assign',
        attempt: 1,
        price: String(price),
        token: opened.stage.token,
      });
      expect(assign?.author, task).toBe(opened.stage.coordinator.account);
    }
  });

  it('lets only the coordinator write to an inbox', async () => {
    for (const { inbox, account } of opened.stage.agents) {
      const topic = await opened.truth.get<{ submit_key: { key: string } | null }>(`/api/v1/topics/${inbox}`);
      const owner = await opened.truth.get<{ key: { key: string } }>(
        `/api/v1/accounts/${opened.stage.coordinator.account}`,
      );
      expect(topic.submit_key?.key, account).toBe(owner.key.key);
    }
  });

  it.each(Object.entries(PLAN))(
    '%s: assigned, started, done by its agent, accepted, paid, in that order',
    (task, [index, price]) => {
      const [assign] = ofTask(assigns, task);
      const [started] = ofTask(ofType('started'), task);
      const [result] = ofTask(ofType('result'), task);
      const [verdict] = ofTask(ofType('verdict'), task);
      const settled = ofType('settled').filter(({ payments }) =>
        (payments as { task: string }[]).some((payment) => payment.task === task),
      );
      expect(settled).toHaveLength(1);
      // What is over within the tenth of a second that the news of its start waits is told as its end alone.
      if (started !== undefined) expect(started.author).toBe(agent(index).account);
      expect(result).toMatchObject({ author: agent(index).account, outcome: 'ok', attempt: 1 });
      expect(verdict).toMatchObject({ author: opened.stage.coordinator.account, accepted: true });
      const told = [assign, ...(started === undefined ? [] : [started]), result, verdict, settled[0]];
      const order = told.map((record) => record?.at ?? 0n);
      expect(order).toEqual([...order].sort((a, b) => (a < b ? -1 : 1)));
      const payments = settled.flatMap((record) => record.payments as { task: string; to: string; amount: string }[]);
      const payment = payments.find((entry) => entry.task === task);
      expect(payment).toMatchObject({ to: agent(index).account, amount: String(price) });
    },
  );

  it('does not start the report before both of its sources are accepted', () => {
    const [report] = ofTask(assigns, 'report');
    for (const source of ['inventory', 'sizes']) {
      const [verdict] = ofTask(ofType('verdict'), source);
      expect(report?.at, source).toBeGreaterThan(verdict?.at ?? 0n);
    }
  });

  it('pays each task exactly its price, each payment in one atomic batch with its record', async () => {
    const { stage, truth } = opened;
    const transfers = await truth.tokenTransfers(stage.coordinator.account, stage.token);
    const payouts = transfers.filter(({ name }) => name === 'CRYPTOTRANSFER');
    for (const payout of payouts) expect(payout.parent_consensus_timestamp, payout.consensus_timestamp).not.toBeNull();
    expect(payouts).toHaveLength(ofType('settled').length);
    const paid = (account: string) =>
      payouts
        .flatMap((payout) => payout.token_transfers)
        .reduce((sum, move) => sum + (move.account === account ? move.amount : 0), 0);
    expect(paid(agent(0).account)).toBe(1600);
    expect(paid(agent(1).account)).toBe(900);
    expect(paid(stage.coordinator.account)).toBe(-2500);
  });

  it('is found in order by anybody who verifies it', () => expectVerified(opened));

  it('tells machines what it did, and delivers the report', () => {
    const events = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const summary = events.at(-1) as { event: string; tasks: { task: string; paid: unknown; status: string }[] };
    expect(summary.event).toBe('summary');
    expect(summary.tasks.map(({ task }) => task)).toEqual(Object.keys(PLAN));
    const report = readFileSync(join(opened.directory, 'output/dependency-audit.md'), 'utf8');
    expect(report).toMatch(/^# Dependency audit\n\n\d+ packages/);
    const [result] = ofTask(ofType('result'), 'report');
    expect(sha256Hex(Buffer.from(report))).toBe(result?.output_sha256);
  });
});

describe('a client made from the .proto file alone', () => {
  const coordinatorKey = () => nativeKey(opened.stage.coordinator.env.COORDINATOR_PRIVATE_KEY as string);

  it('finds the certificate that the agent published on the ledger', async () => {
    for (const { account, address } of opened.stage.agents) {
      const certificate = await peerCertificate(address);
      const online = ofType('online').find(({ author }) => author === account);
      expect(online?.cert_sha256, account).toBe(sha256Hex(certificate));
    }
  });

  it('registers as the coordinator and is told how a known attempt ended, which does not run it again', async () => {
    const { stage } = opened;
    const { account, address } = agent(0);
    const certificate = await peerCertificate(address);
    const client = openAgent(address, certificate);
    const who = {
      coordinator: stage.coordinator.account,
      agent: account,
      certificateSha256: sha256Hex(certificate),
      key: coordinatorKey(),
    };
    const token = await register(client, who);
    const [assign] = ofTask(assigns, 'inventory');
    const ref = { run: assign?.run, task: 'inventory', attempt: 1 };
    const dispatch = {
      ref,
      inboxTopicId: agent(0).inbox,
      inboxSequenceNumber: assign?.sequence,
      inputSha256: Buffer.from(assign?.input_sha256 as string, 'hex'),
      inputSize: assign?.input_size,
    };
    const [result] = ofTask(ofType('result'), 'inventory');
    const sha256 = Buffer.from(result?.output_sha256 as string, 'hex');
    const requests = [{ hello: {} }, { dispatch }, { fetchOutput: { sha256 } }];
    const over = ({ message, outputChunk }: Record<string, unknown>) =>
      message === 'refused' || (outputChunk as { last?: boolean } | undefined)?.last === true;
    const answers = await converse(client, token, requests, over);
    client.close();
    expect(answers.filter(({ message }) => message === 'refused')).toEqual([]);
    // What the coordinator has acknowledged is not told again, but the end of an attempt is.
    const [end] = answers.flatMap(({ event }) => (event as { finished?: object } | undefined)?.finished ?? []);
    expect(end).toMatchObject({ outcome: 'OUTCOME_OK', outputSha256: sha256 });
    const output = Buffer.concat(
      answers.flatMap(({ outputChunk }) => (outputChunk as { data: Buffer } | undefined)?.data ?? []),
    );
    expect(sha256Hex(output)).toBe(result?.output_sha256);
    const results = (await opened.truth.records(stage.journal)).filter(({ type }) => type === 'result');
    expect(ofTask(results, String(ofTask(assigns, 'inventory')[0]?.numbered))).toHaveLength(1);
  });

  it('is refused as anybody else', async () => {
    const { account, address } = agent(0);
    const certificate = await peerCertificate(address);
    const client = openAgent(address, certificate);
    // PERMISSION_DENIED: an account the daemon's configuration does not name.
    await expect(unary(client, 'challenge', { coordinatorAccountId: agent(1).account })).rejects.toMatchObject({
      code: 7,
    });
    // UNAUTHENTICATED: the right name, signed with another key.
    const impostor = nativeKey(agent(1).env.AGENT_PRIVATE_KEY as string);
    const who = {
      coordinator: opened.stage.coordinator.account,
      agent: account,
      certificateSha256: sha256Hex(certificate),
      key: impostor,
    };
    await expect(register(client, who)).rejects.toMatchObject({ code: 16 });
    // UNAUTHENTICATED: signed for another certificate, as a relay would have it.
    const relayed = { ...who, key: coordinatorKey(), certificateSha256: sha256Hex(Buffer.from('another')) };
    await expect(register(client, relayed)).rejects.toMatchObject({ code: 16 });
    client.close();
  });
});
