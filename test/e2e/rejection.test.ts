import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from 'gatepost/stage/command';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../src/check/mirror-truth.js';
import { example, expectVerified, openTestStage, type TestStage } from './stage-for-tests.js';

let opened: TestStage;
let printed = '';

beforeAll(async () => {
  opened = await openTestStage();
});

afterAll(() => opened?.close());

const files = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());

it('a wrong result is rejected, tried again with the reason, and only the right one is paid', async () => {
  const { stage, truth } = opened;
  const args = ['run', example('rejected-then-paid.yaml'), '--config', stage.coordinator.configFile, '--json'];
  const run = await runCommand(
    'coordinator',
    [...args, '--output-dir', join(opened.directory, 'output')],
    stage.coordinator.env,
  );
  printed = run.stdout + run.stderr;
  expect(run.code, run.stderr).toBe(0);
  const journal = await eventually('the end of the run', async () => {
    const records = await truth.records(stage.journal);
    return records.some(({ type }) => type === 'run_closed') ? records : undefined;
  });
  const verdicts = journal.filter(({ type }) => type === 'verdict');
  expect(verdicts.map(({ attempt, accepted }) => [attempt, accepted])).toEqual([
    [1, false],
    [2, true],
  ]);
  expect(verdicts[0]?.reason).toContain('without trimming');
  const settled = journal.filter(({ type }) => type === 'settled');
  expect(settled).toHaveLength(1);
  expect(settled[0]?.payments).toEqual([{ task: '#1', attempt: 2, to: stage.agents[0]?.account, amount: '250' }]);
  expect(await truth.balance(stage.agents[0]?.account ?? '', stage.token)).toBe(250);
  await expectVerified(opened);
});

it('an agent that speaks ACP mends a repository, its tests run on the mended tree, and that is paid', async () => {
  const { stage, truth, directory } = opened;
  const before = await truth.balance(stage.agents[0]?.account ?? '', stage.token);
  const output = join(directory, 'coding');
  const args = [
    'run',
    example('coding.yaml'),
    '--config',
    stage.coordinator.configFile,
    '--output-dir',
    output,
    '--json',
  ];
  const run = await runCommand('coordinator', args, stage.coordinator.env);
  printed += run.stdout + run.stderr;
  expect(run.code, run.stderr + run.stdout).toBe(0);
  const paid = () => truth.balance(stage.agents[0]?.account ?? '', stage.token);
  await eventually('the payment', async () => ((await paid()) === before + 500 ? true : undefined));
  expect(readFileSync(join(output, 'slugs.patch'), 'utf8')).toMatch(/^diff --git a\/src\/slug\.js b\/src\/slug\.js$/m);
  const journal = await truth.records(stage.journal);
  expect(journal.filter(({ type }) => type === 'verdict').at(-1)?.reason).toContain(
    'letters with accents become letters without',
  );
});

it('what the agent says that it used is kept, and shown as its own word', async () => {
  const { configFile, env } = opened.stage.coordinator;
  const plan = ['--plan', example('coding.yaml')];
  const shown = async (...words: string[]) => {
    const { code, stdout, stderr } = await runCommand('coordinator', [...words, '--config', configFile], env);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const usage = { tokens: 1_800, cost_usd: 0.02 };
  const [status, bill, words] = await Promise.all([
    shown('status', '--json', ...plan),
    shown('bill', '--json'),
    shown('status', ...plan),
  ]);
  expect(JSON.parse(status)).toMatchObject({ usage, tasks: [{ task: 'mend-slugs', usage }] });
  expect(JSON.parse(bill)).toMatchObject({ reported_usage: usage });
  expect(words).toContain("used by the agents' own word: 1800 tokens of models, $0.02");
});

it('no private key is in any file that was written, nor in what was printed, at the most talkative log level', () => {
  const { stage } = opened;
  const secrets = [
    stage.coordinator.env.COORDINATOR_PRIVATE_KEY as string,
    ...stage.agents.map(({ env }) => env.AGENT_PRIVATE_KEY as string),
  ].map((der) => der.slice(-64)); // The last 32 bytes are the key itself, in whatever form it would be written.
  expect(secrets).toHaveLength(3);
  for (const secret of secrets) expect(printed).not.toContain(secret);
  expect(printed).toContain('"event":"summary"');
  const written = files(stage.directory);
  expect(written.some((path) => path.endsWith('agent-1.log'))).toBe(true);
  for (const path of written) {
    const content = readFileSync(path);
    for (const secret of secrets) {
      expect(content.includes(secret) || content.includes(Buffer.from(secret, 'hex')), path).toBe(false);
    }
  }
});
