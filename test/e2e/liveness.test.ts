import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningCommand, runCommand, startCommand } from 'gatepost/stage/command';
import type { StageAgent, StageAgentOptions } from 'gatepost/stage/stage';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, type SeenRecord } from '../src/check/mirror-truth.js';
import { freePort, openWire, type Wire } from '../src/stage/wire.js';
import { expectVerified, openTestStage, type TestStage } from './stage-for-tests.js';

const BEAT_MS = 2_000;
/** The coordinator's default grace before a silent agent's attempts go elsewhere. */
const GRACE_MS = 5_000;
/** What a loaded machine may add to any of it. */
const SLACK_MS = 15_000;
const TIMEOUT_MS = 120_000;
const PRICE = 70;

const executors = join(import.meta.dirname, 'fixtures/slow.executors.yaml');
const slowAgents = (change: Partial<StageAgentOptions> = {}): StageAgentOptions[] =>
  ['agent-1', 'agent-2'].map((name) => ({ name, executors, ...change }));

let opened: TestStage | undefined;
let wires: Wire[] = [];

afterEach(async () => {
  for (const wire of wires) await wire.close();
  wires = [];
  await opened?.close();
  opened = undefined;
});

const plan = (ms: number, deadline: string) => `name: slow
sequences:
  - id: only
    tasks:
      - { id: wait, type: slow, input: { ms: ${ms} }, price: ${PRICE}, deadline: ${deadline}, attempts: 2, gate: { command: [node, --version] } }
`;

/** Starts a run of one slow task. */
function startRun({ stage, directory }: TestStage, ms: number, deadline = '90s'): RunningCommand {
  const file = join(directory, 'plan.yaml');
  writeFileSync(file, plan(ms, deadline));
  const args = [
    'run',
    file,
    '--config',
    stage.coordinator.configFile,
    '--output-dir',
    join(directory, 'output'),
    '--json',
  ];
  return startCommand('coordinator', args, {
    name: 'coordinator',
    env: stage.coordinator.env,
    logFile: join(directory, 'coordinator.log'),
  });
}

const journal = ({ stage, truth }: TestStage, type: string): Promise<SeenRecord[]> =>
  truth.records(stage.journal).then((records) => records.filter((record) => record.type === type));

/** The agent that has begun to work, by what the mirror shows. */
async function workingAgent(test: TestStage): Promise<{ worker: StageAgent; other: StageAgent }> {
  const [started] = await eventually('an attempt that has begun', async () => {
    const found = await journal(test, 'started');
    return found.length > 0 ? found : undefined;
  });
  const [worker] = test.stage.agents.filter(({ account }) => account === started?.author);
  const [other] = test.stage.agents.filter(({ account }) => account !== started?.author);
  if (worker === undefined || other === undefined) throw new Error(`${started?.author} is none of the agents`);
  return { worker, other };
}

/** One accepted result, one payment, to this agent. */
async function expectPaidOnce(test: TestStage, payee: StageAgent): Promise<void> {
  const accepted = (await journal(test, 'verdict')).filter((verdict) => verdict.accepted === true);
  expect(accepted).toHaveLength(1);
  const balances = await Promise.all(
    test.stage.agents.map(({ account }) => test.truth.balance(account, test.stage.token)),
  );
  expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(PRICE);
  expect(await test.truth.balance(payee.account, test.stage.token)).toBe(PRICE);
  await expectVerified(test);
}

const assigns = async (test: TestStage): Promise<SeenRecord[]> =>
  (await Promise.all(test.stage.agents.map(({ inbox }) => test.truth.records(inbox))))
    .flat()
    .filter(({ type }) => type === 'assign');

/** What `coordinator agents` says, by account. */
async function agents({ stage }: TestStage): Promise<Map<unknown, Record<string, unknown>>> {
  const { configFile, env } = stage.coordinator;
  const { stdout } = await runCommand('coordinator', ['agents', '--config', configFile, '--json'], env);
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as Record<string, unknown>).map((one) => [one.agent, one]));
}

describe('liveness with real processes', () => {
  it('work of an agent that is killed is finished by another, soon', { timeout: TIMEOUT_MS }, async () => {
    opened = await openTestStage(slowAgents());
    const run = startRun(opened, 8_000);
    const { worker, other } = await workingAgent(opened);
    const test = opened;
    const before = await eventually('the worker at work', async () => {
      const found = (await agents(test)).get(worker.account);
      return found?.running === 1 ? found : undefined;
    });
    expect(before).toMatchObject({ state: 'alive', open_attempts: 1, why: 'its session answers' });
    expect(before?.lease_expiry).toMatch(/Z$/);
    expect(Number(before?.charged_tinybar)).toBeGreaterThan(0);
    const killedAt = Date.now();
    worker.process.kill('SIGKILL');
    await eventually('a second assignment', async () => ((await assigns(test)).length > 1 ? true : undefined), 60_000);
    expect(Date.now() - killedAt).toBeLessThan(2 * BEAT_MS + GRACE_MS + SLACK_MS);
    // What the running coordinator thinks of its agents is written down now and then.
    const after = await eventually('the agent told as lost', async () => {
      const told = await agents(test);
      return told.get(worker.account)?.state === 'lost' ? told : undefined;
    });
    expect(after.get(worker.account)?.reachable).toContain('ECONNREFUSED');
    expect(Date.parse(String(after.get(worker.account)?.last_beat))).toBeLessThan(killedAt + SLACK_MS);
    expect(after.get(other.account)).toMatchObject({ state: 'alive' });
    expect(await run.exited).toEqual({ code: 0, signal: undefined });
    expect((await agents(test)).get(other.account)).toMatchObject({ state: 'online' });
    expect((await agents(test)).get(other.account)?.last_beat).toBeUndefined();
    await expectPaidOnce(opened, other);
  });

  it('an agent that pauses for three seconds keeps its work', { timeout: TIMEOUT_MS }, async () => {
    opened = await openTestStage(slowAgents());
    const run = startRun(opened, 6_000);
    const { worker } = await workingAgent(opened);
    worker.process.kill('SIGSTOP');
    await sleep(3_000);
    worker.process.kill('SIGCONT');
    expect(await run.exited).toEqual({ code: 0, signal: undefined });
    expect(await assigns(opened)).toHaveLength(1);
    await expectPaidOnce(opened, worker);
  });

  it('an agent whose certificate is replaced while it works keeps its work', { timeout: TIMEOUT_MS }, async () => {
    opened = await openTestStage(slowAgents());
    const run = startRun(opened, 8_000);
    const { worker } = await workingAgent(opened);
    const { configFile, env, account } = worker;
    const made = await runCommand('agent-daemon', ['init', '--config', configFile, '--new-certificate'], env);
    expect(made.code, made.stderr).toBe(0);
    worker.process.kill('SIGHUP');
    const test = opened;
    const certificates = await eventually('the new certificate on the ledger', async () => {
      const online = (await journal(test, 'online')).filter(({ author }) => author === account);
      return online.length > 1 ? online.map(({ cert_sha256: sha256 }) => sha256) : undefined;
    });
    expect(new Set(certificates).size).toBe(2);
    await eventually('the work, over a session with the new certificate', async () => {
      const seen = (await agents(test)).get(account);
      return seen?.state === 'alive' && seen.reachable === 'yes' && seen.running === 1 ? true : undefined;
    });
    expect(await run.exited).toEqual({ code: 0, signal: undefined });
    expect(await assigns(opened)).toHaveLength(1);
    await expectPaidOnce(opened, worker);
  });

  it('a cut between coordinator and agent, while both reach the ledger, pays once', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const ports = await Promise.all(slowAgents().map(() => freePort()));
    wires = await Promise.all(ports.map(openWire));
    const agents = slowAgents().map((agent, index) => {
      const configure = (yaml: string) => `${yaml}\nadvertise: 127.0.0.1:${wires[index]?.port}\n`;
      return { ...agent, listen: `127.0.0.1:${ports[index]}`, configure };
    });
    opened = await openTestStage(agents);
    const run = startRun(opened, 12_000);
    const { worker } = await workingAgent(opened);
    wires[opened.stage.agents.indexOf(worker)]?.cut();
    expect(await run.exited).toEqual({ code: 0, signal: undefined });
    // The result of the cut-off agent reaches the ledger, and comes first or second.
    const test = opened;
    await eventually('the result of the agent that was cut off', async () => {
      const results = (await journal(test, 'result')).filter(({ author }) => author === worker.account);
      return results.length > 0 ? true : undefined;
    });
    const [accepted] = (await journal(opened, 'verdict')).filter((verdict) => verdict.accepted === true);
    const [result] = (await journal(opened, 'result')).filter(({ attempt }) => attempt === accepted?.attempt);
    const payee = opened.stage.agents.find(({ account }) => account === result?.author);
    if (payee === undefined) throw new Error('nobody was accepted');
    await expectPaidOnce(opened, payee);
  });

  it('agent and coordinator both killed: the ledger posts the lapse unaided, the restarted coordinator acts on it', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const configure = (yaml: string) =>
      yaml.replace(/interval: 1h/, 'interval: 5s').replace(/idle_interval: \w+/, 'idle_interval: 5s');
    opened = await openTestStage(slowAgents({ configure }));
    // The lease covers what the agent holds: its end is told soon after the deadline of that.
    const first = startRun(opened, 3_000, '20s');
    const { worker, other } = await workingAgent(opened);
    worker.process.kill('SIGKILL');
    first.kill('SIGKILL');
    await first.exited;
    const test = opened;
    const [lapsed] = await eventually(
      'the death notice',
      async () => {
        const found = (await journal(test, 'lapsed')).filter(({ author }) => author === worker.account);
        return found.length > 0 ? found : undefined;
      },
      60_000,
    );
    expect(lapsed?.author).toBe(worker.account);
    const second = startRun(opened, 3_000, '20s');
    expect(await second.exited).toEqual({ code: 0, signal: undefined });
    expect(await journal(opened, 'run_opened')).toHaveLength(1);
    await expectPaidOnce(opened, other);
  });
});
