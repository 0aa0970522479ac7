import { join } from 'node:path';
import type { DsseEnvelope } from '@gatepost/shared/vocabulary/dsse';
import { type RunningCommand, runCommand, startCommand } from 'gatepost/stage/command';
import { INSTALLATION } from 'gatepost/stage/layout';
import { serveGatekeeper } from 'gatepost/stage/stage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PYTHON, pemOf, pythonTakes, sigstoreTakes } from '../../coordinator/test/support/attestation-verifiers.js';
import { eventually } from '../src/check/mirror-truth.js';
import { EXAMPLE_AGENTS, example, openTestStage, type TestStage } from './stage-for-tests.js';

const PLAN = example('rejected-then-paid.yaml');
const TASK = 'licence-digest';
let opened: TestStage;
let run: RunningCommand;

beforeAll(async () => {
  const gates = join(INSTALLATION, 'examples');
  opened = await openTestStage(EXAMPLE_AGENTS, { gatekeeper: { gates, read: [INSTALLATION], fund: 1_000n } });
}, 120_000);

afterAll(() => opened?.close());

const journal = () => opened.truth.records(opened.stage.journal);
const ofType = async (type: string) => (await journal()).filter((record) => record.type === type);
const args = () => {
  const { coordinator } = opened.stage;
  return ['run', PLAN, '--config', coordinator.configFile, '--output-dir', join(opened.directory, 'out'), '--json'];
};
const keeper = () => {
  const { gatekeeper } = opened.stage;
  if (gatekeeper === undefined) throw new Error('no gatekeeper');
  return gatekeeper;
};

it('both put the refund off, and nothing is added', async () => {
  const { configFile, env } = opened.stage.coordinator;
  const { code, stdout, stderr } = await runCommand(
    'coordinator',
    ['fund', '0', '--refund-at', '45d', '--config', configFile],
    env,
  );
  expect(code, stderr).toBe(0);
  const until = /20\d\d-\d\d-\d\d\S*/.exec(stdout)?.[0] ?? '';
  expect(Date.parse(until) - Date.now(), stdout).toBeGreaterThan(44 * 86_400_000);
});

it('without its gatekeeper a run works on, judges and pays nothing, and says whom it waits for', async () => {
  keeper().process.kill('SIGKILL');
  await keeper().process.exited;
  const { env } = opened.stage.coordinator;
  run = startCommand('coordinator', args(), { name: 'run', env, logFile: join(opened.directory, 'run.log') });
  await eventually('a result', async () => (await ofType('result'))[0]);
  await eventually('its word', async () =>
    run.lines.find((line) => line.includes(`the gatekeeper ${keeper().account}`)),
  );
  expect(await ofType('verdict')).toEqual([]);
  expect(await ofType('settled')).toEqual([]);
});

it('one that is back judges what was delivered, and signs nothing while what it signed before may still happen', async () => {
  keeper().process = serveGatekeeper(keeper());
  await keeper().process.ready;
  const verdicts = await eventually('the acceptance', async () => {
    const found = await ofType('verdict');
    return found.some(({ accepted }) => accepted === true) ? found : undefined;
  });
  expect(verdicts.map(({ author, attempt, accepted }) => [author, attempt, accepted])).toEqual([
    [keeper().account, 1, false],
    [keeper().account, 2, true],
  ]);
  const why = 'what an earlier process of this gatekeeper signed may still happen';
  await eventually('why it waits', async () => run.lines.find((line) => line.includes(why)));
  expect(await ofType('settled')).toEqual([]);
  const agent = opened.stage.agents[0]?.account ?? '';
  expect(await opened.truth.balance(agent, opened.stage.token)).toBe(0);
});

it('attests what it judged with its own key; the coordinator cannot', async () => {
  const { configFile, env, account } = keeper();
  const id = (await ofType('verdict'))[0]?.run ?? '';
  const attest = (...words: string[]) =>
    runCommand('gatekeeper', ['attest', TASK, '--run', id, '--plan', PLAN, '--config', configFile, ...words], env);
  const [accepted, rejected] = (await Promise.all([attest(), attest('--attempt', '1')])).map(
    ({ code, stdout, stderr }) => {
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as DsseEnvelope;
    },
  );
  if (accepted === undefined || rejected === undefined) throw new Error('no envelopes');
  const said = (envelope: DsseEnvelope) =>
    JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')).predicate;
  expect(said(accepted)).toMatchObject({ verificationResult: 'PASSED', verifier: { id: `hedera:local:${account}` } });
  expect(said(rejected)).toMatchObject({ verificationResult: 'FAILED', verifier: { id: `hedera:local:${account}` } });
  const keyOf = async (id: string) => {
    const { key } = await opened.truth.get<{ key: { key: string } }>(`/api/v1/accounts/${id}`);
    return pemOf(key.key);
  };
  const { coordinator } = opened.stage;
  for (const takes of PYTHON ? [sigstoreTakes, pythonTakes] : [sigstoreTakes]) {
    expect(takes(accepted, await keyOf(account)), takes.name).toBe(true);
    expect(takes(rejected, await keyOf(account)), takes.name).toBe(true);
    expect(takes(accepted, await keyOf(coordinator.account)), takes.name).toBe(false);
    expect(takes({ ...accepted, payload: rejected.payload }, await keyOf(account)), takes.name).toBe(false);
  }
  const other = await runCommand('coordinator', ['attest', TASK, '--config', coordinator.configFile], coordinator.env);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(`the verdicts of this run are ${account}'s, whose key must sign`);
});

// Three minutes, as long as a transaction of a process that is dead could live.
it.runIf(process.env.THOROUGH !== undefined)(
  'and then pays all of it, once',
  async () => {
    expect(await run.exited).toEqual({ code: 0, signal: undefined });
    expect(await ofType('settled')).toHaveLength(1);
    const agent = opened.stage.agents[0]?.account ?? '';
    expect(await opened.truth.balance(agent, opened.stage.token)).toBe(250);
    const again = await runCommand('coordinator', args(), opened.stage.coordinator.env);
    expect(again.code, again.stderr).toBe(0);
    expect(await ofType('settled')).toHaveLength(1);
    const { configFile, env } = opened.stage.coordinator;
    const audit = await runCommand('coordinator', ['verify', '--config', configFile, '--plan', PLAN, '--json'], env);
    expect(audit.code, audit.stdout + audit.stderr).toBe(0);
    expect(JSON.parse(audit.stdout)).toMatchObject({ holds: true, runs: [{ gatekeeper: keeper().account }] });
  },
  300_000,
);
