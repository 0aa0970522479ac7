import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  baseEnvironment,
  type ChildEnvironment,
  type Finished,
  runCommand,
  startCommand,
} from 'gatepost/stage/command';
import { COMMANDS, type CommandName } from 'gatepost/stage/layout';
import type { StageAgent } from 'gatepost/stage/stage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../src/check/mirror-truth.js';
import { CHECKOUT } from '../src/stage/layout.js';
import { example, openTestStage, type TestStage } from './stage-for-tests.js';

const PLAN = `name: documented
sequences:
  - id: only
    tasks:
      - { id: liked, type: slow, price: 5, gate: human }
      - { id: disliked, type: slow, price: 5, attempts: 1, gate: human }
`;

const EXECUTORS = `slow: { command: [sh, -c, 'echo working on it >&2; cat >/dev/null; echo 1'] }
`;

const documents = ['README.md', ...readdirSync(join(CHECKOUT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

/** Calls of our commands within the sentences of the documents; `gatepost` and blocks are tested as they are installed. */
function documented(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const document of documents) {
    const prose = readFileSync(join(CHECKOUT, document), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, call = ''] of prose.matchAll(/`(?:npx (?:gatepost )?)?((?:coordinator|agent-daemon) [^`]+)`/g)) {
      found.add(call.replaceAll('\n', ' '));
    }
  }
  return found;
}

/** Where a reader's own files lie. */
const own = mkdtempSync(join(tmpdir(), 'gatepost-documented-'));
let test: TestStage;
let agent: StageAgent;

interface Call {
  /** The words, with what stands for the reader's own filled in. */
  readonly words: () => readonly string[];
  /** Variables of whoever has no account yet. */
  readonly keyless?: true;
  readonly says: string | RegExp;
}

const config = () => ['--config', test.stage.coordinator.configFile];
const agentFile = (name: string) => join(own, name);
const facts = () => [
  ...['--coordinator', test.stage.coordinator.account],
  ...['--journal', test.stage.journal],
  ...['--token', test.stage.token],
];
let joinLine = '';

/** A festival of one task. */
function festival(): string {
  const sequence = join(own, 'festival/001_phase/01_sequence');
  mkdirSync(sequence, { recursive: true });
  writeFileSync(join(sequence, '01_task.md'), '# Task: say it\n\n## Objective\n\nSay it.\n');
  return join(own, 'festival');
}

/** Every documented call, in an order that works: the run is over, the agent serves until it is stopped. */
const CALLS: Readonly<Record<string, Call>> = {
  'coordinator agents': { words: config, says: /0\.0\.\d+/ },
  'coordinator status': { words: config, says: 'liked' },
  'coordinator status --state failed': { words: config, says: 'disliked' },
  'coordinator explain <task>': { words: () => ['disliked', ...config()], says: 'not what was asked for' },
  'coordinator attest <task>': {
    words: () => ['liked', ...config()],
    says: '"payloadType":"application/vnd.in-toto+json"',
  },
  'coordinator attest': { words: () => ['liked', ...config()], says: '"payloadType":"application/vnd.in-toto+json"' },
  'coordinator bill': { words: config, says: 'liked' },
  'coordinator estimate': { words: () => [example('rejected-then-paid.yaml'), ...config()], says: 'usually' },
  'coordinator output <task>': { words: () => ['liked', ...config()], says: /^1$/m },
  'coordinator logs <task>': { words: () => ['liked', ...config()], says: 'working on it' },
  'coordinator verify': { words: config, says: 'rules hold' },
  'coordinator verify --network <name> --journal <topic>': {
    words: () => ['--network', 'local', '--journal', test.stage.journal],
    says: 'rules hold',
  },
  'coordinator report --json': { words: config, says: '"plan_known": true' },
  'coordinator report --html': { words: () => [join(own, 'report.html'), ...config()], says: 'report.html' },
  'coordinator doctor': { words: config, says: 'ok' },
  'coordinator invite': { words: config, says: /\S{100}/ },
  'coordinator remove-agent': { words: () => [agent.account, ...config()], says: /removed 0\.0\.\d+/ },
  'coordinator add-agent 0.0.x': { words: () => [agent.account, ...config()], says: /added 0\.0\.\d+/ },
  'coordinator init --journal 0.0.x --token 0.0.y --agent 0.0.z ...': {
    words: () => [
      ...['--config', join(own, 'again.yaml'), '--journal', test.stage.journal],
      ...['--token', test.stage.token, '--agent', agent.account],
    ],
    says: 'wrote',
  },
  'coordinator init --gatekeeper 0.0.1009 --arbiter 0.0.1010': {
    words: () => {
      // Any account with a key of its own will do; the first of the network's has one.
      const parties = ['--gatekeeper', agent.account, '--arbiter', '0.0.2'];
      return ['--config', join(own, 'arbitrated.yaml'), ...parties, '--agent', agent.account];
    },
    says: /escrow +0\.0\.\d+/,
  },
  'coordinator import <directory> --out plan.yaml': {
    words: () => [festival(), '--out', join(own, 'imported.yaml')],
    says: 'imported.yaml',
  },
  'coordinator token new --name alice --role submit approve': { words: config, says: /^gatepost_[\w-]{43}$/m },
  'coordinator token list': { words: config, says: 'submit, approve' },
  'coordinator token end --name alice': { words: config, says: 'the token of alice' },
  'coordinator complete bash': { words: () => [], says: 'coordinator complete --' },
  'agent-daemon doctor': { words: () => ['--config', agent.configFile], says: 'ok' },
  'agent-daemon doctor --config <file>': { words: () => ['--config', agent.configFile], says: 'ok' },
  'agent-daemon init --new-certificate': { words: () => ['--config', agent.configFile], says: 'certificate' },
  'agent-daemon init --join <line>': {
    words: () => [joinLine, '--config', agentFile('joined.yaml')],
    says: 'joined.yaml',
  },
  'agent-daemon init --config <file> --coordinator 0.0.x --journal 0.0.y --token 0.0.z [--executors <file>]': {
    words: () => ['--config', agentFile('named.yaml'), ...facts()],
    says: 'named.yaml',
  },
  'agent-daemon init --config agent.yaml': {
    words: () => ['--config', agentFile('agent.yaml'), ...facts()],
    says: 'agent.yaml',
  },
  'agent-daemon init --config <another file>': {
    words: () => ['--config', agentFile('another.yaml'), ...facts()],
    says: 'another.yaml',
  },
  'agent-daemon init': { words: () => ['--config', agentFile('agent.yaml'), ...facts()], says: 'nothing to do' },
  'agent-daemon init --new-key': {
    words: () => ['--config', agentFile('new-key.yaml')],
    keyless: true,
    says: /0x[0-9a-f]{40}/,
  },
};

/** Called while the run goes on, or running themselves. */
const BY_THE_RUN = ['run', 'run plan.yaml', 'approve', 'reject', 'run plan.yaml --server 127.0.0.1:8481'].map(
  (words) => `coordinator ${words}`,
);
/** Made where there is a gatekeeper. */
const WITH_GATEKEEPER = { 'coordinator fund 0 --refund-at 45d': "['fund', '0', '--refund-at', '45d'" };
const SERVING = ['agent-daemon serve', 'agent-daemon serve --config <file>', 'coordinator serve'];

const environment = (command: CommandName): ChildEnvironment =>
  command === 'coordinator' ? test.stage.coordinator.env : agent.env;

/** The words of a documented call without what stands for the reader's own, and then that. */
function wordsOf(call: string, more: readonly string[]): [CommandName, readonly string[]] {
  const [command = '', ...words] = call.split(' ');
  const given = new Set(more);
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith('[')) break;
    if (/^0\.0\.[xyz]$|^<|>$|^\.\.\.$/.test(word)) continue;
    if (given.has(word)) index += word.startsWith('--') && !word.startsWith('--new') ? 1 : 0;
    else kept.push(word);
  }
  return [command as CommandName, [...kept, ...more]];
}

const call = async (documentedCall: string, more: readonly string[], keyless = false): Promise<Finished> => {
  const [command, words] = wordsOf(documentedCall, more);
  if (!keyless) return runCommand(command, words, environment(command));
  // It writes its key into .env where it is called.
  const env = { ...baseEnvironment(), ...test.stage.network.env, GATEPOST_NETWORK: 'local' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMANDS[command], ...words], {
    cwd: own,
    env,
    encoding: 'utf8',
  });
  return { code: status ?? undefined, stdout, stderr };
};

beforeAll(async () => {
  const executors = join(own, 'executors.yaml');
  writeFileSync(executors, EXECUTORS);
  test = await openTestStage([{ name: 'agent-1', executors }]);
  const [only] = test.stage.agents;
  if (only === undefined) throw new Error('no agent');
  agent = only;
  const plan = join(own, 'plan.yaml');
  writeFileSync(plan, PLAN);
  const run = startCommand('coordinator', ['run', plan, ...config(), '--output-dir', join(own, 'output')], {
    name: 'coordinator',
    env: test.stage.coordinator.env,
    logFile: join(own, 'run.log'),
  });
  const results = async () => {
    const records = await test.truth.records(test.stage.journal);
    return records.filter(({ type }) => type === 'result').length === 2 || undefined;
  };
  await eventually('both results', results);
  for (const [call, words] of [
    ['approve', ['liked']],
    ['reject', ['disliked', '--reason', 'not what was asked for']],
  ] as const) {
    const { code, stderr } = await runCommand('coordinator', [call, ...words, ...config()], environment('coordinator'));
    expect(code, stderr).toBe(0);
  }
  // A task was rejected for good: the run fails, and says so.
  expect(await run.exited).toEqual({ code: 1, signal: undefined });
  const { stdout } = await runCommand('coordinator', ['invite', ...config()], environment('coordinator'));
  joinLine = stdout.trim();
}, 120_000);

afterAll(async () => {
  await test?.close();
  rmSync(own, { recursive: true, force: true });
});

describe('every call of our commands within the sentences of the documents', () => {
  it('is made by this test', () => {
    expect([...documented()].sort()).toEqual(
      [...Object.keys(CALLS), ...BY_THE_RUN, ...SERVING, ...Object.keys(WITH_GATEKEEPER)].sort(),
    );
    const others = readFileSync(join(import.meta.dirname, 'gatekeeper.test.ts'), 'utf8');
    for (const words of Object.values(WITH_GATEKEEPER)) expect(others).toContain(words);
  });

  it.each(Object.entries(CALLS))('%s', { timeout: 60_000 }, async (documentedCall, { words, keyless, says }) => {
    const { code, stdout, stderr } = await call(documentedCall, words(), keyless);
    expect(code, stdout + stderr).toBe(0);
    if (typeof says === 'string') expect(stdout + stderr).toContain(says);
    else expect(stdout + stderr).toMatch(says);
  });
});
