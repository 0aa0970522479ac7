import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from 'gatepost/stage/command';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStage, type TestStage } from './stage-for-tests.js';

const task = (lines: string) => `name: bad
sequences:
  - id: one
    tasks:
      - id: first
        type: file-digest
        input: { file: LICENSE }
${lines
  .split('\n')
  .map((line) => `        ${line}`)
  .join('\n')}
`;
const GATE = 'gate: { command: [node, --version] }';

const BAD_PLANS: readonly (readonly [what: string, plan: string, place: RegExp, hint: RegExp])[] = [
  ['an unknown key', task(`price: 5\n${GATE}\nprize: 7`), /plan\.yaml:10:\d+/, /prize/],
  ['a price that is not positive', task(`price: 0\n${GATE}`), /plan\.yaml:8:\d+/, /price/],
  ['a price that is not whole', task(`price: 1.5\n${GATE}`), /plan\.yaml:8:\d+/, /whole/],
  ['an unknown dependency', task(`price: 5\n${GATE}\ndepends_on: [nobody]`), /plan\.yaml:10:\d+/, /nobody/],
  ['a cycle', task(`price: 5\n${GATE}\ndepends_on: [first]`), /plan\.yaml:10:\d+/, /first/],
  [
    'a duplicate id',
    `${task(`price: 5\n${GATE}`)}      - { id: first, type: x, price: 1, gate: none }\n`,
    /plan\.yaml:10:\d+/,
    /first/,
  ],
  ['a priced task without a gate', task('price: 5'), /plan\.yaml:5:\d+/, /gate/],
];

const COMMANDS = [
  ['coordinator', 'COORDINATOR'],
  ['agent-daemon', 'AGENT'],
] as const;

let opened: TestStage;
let directory: string;

beforeAll(async () => {
  opened = await openTestStage();
  directory = mkdtempSync(join(tmpdir(), 'gatepost-bad-'));
});

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await opened?.close();
});

describe('bad input ends with exit code 2 and one clear line, and nothing is started or spent', () => {
  it.each(BAD_PLANS)('%s', async (_what, plan, place, hint) => {
    const { stage, truth } = opened;
    const file = join(directory, 'plan.yaml');
    writeFileSync(file, plan);
    const before = await truth.paidBy(stage.coordinator.account);
    expect(before.length).toBeGreaterThan(0);
    const run = await runCommand(
      'coordinator',
      ['run', file, '--config', stage.coordinator.configFile],
      stage.coordinator.env,
    );
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toMatch(place);
    expect(run.stderr).toMatch(hint);
    expect(await truth.paidBy(stage.coordinator.account)).toEqual(before);
  });

  const initOf = (command: (typeof COMMANDS)[number][0]): string[] => {
    const init = ['init', '--config', join(directory, 'new.yaml')];
    const owner = ['--coordinator', '0.0.1', '--journal', '0.0.2', '--token', '0.0.3'];
    return command === 'coordinator' ? init : [...init, ...owner];
  };

  it.each(COMMANDS)('%s: a missing variable is named', async (command, prefix) => {
    const { GATEPOST_NETWORK: network } = opened.stage.network.env;
    const run = await runCommand(command, initOf(command), {
      GATEPOST_NETWORK: network ?? '',
    });
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(`${prefix}_ACCOUNT_ID`);
    expect(run.stderr).toContain(`${prefix}_PRIVATE_KEY`);
  });

  it.each(COMMANDS)('%s: a malformed private key is refused and not repeated', async (command, prefix) => {
    const secret = '302e0201not-a-key-at-all';
    const run = await runCommand(command, initOf(command), {
      ...opened.stage.network.env,
      [`${prefix}_ACCOUNT_ID`]: '0.0.1001',
      [`${prefix}_PRIVATE_KEY`]: secret,
    });
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(`${prefix}_PRIVATE_KEY`);
    expect(run.stderr + run.stdout).not.toContain(secret);
  });
});
