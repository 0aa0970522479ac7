import { join } from 'node:path';
import { type RunningCommand, runCommand, startCommand } from 'gatepost/stage/command';
import { INSTALLATION } from 'gatepost/stage/layout';
import { serveGatekeeper } from 'gatepost/stage/stage';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../src/check/mirror-truth.js';
import { EXAMPLE_AGENTS, example, openTestStage, type TestStage } from './stage-for-tests.js';

const PLAN = example('rejected-then-paid.yaml');
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
  },
  300_000,
);
