import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';
import { expectDone, Terminals } from './terminals.js';

const read = (path: string) => readFileSync(join(CHECKOUT, path), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'gatepost-scripts-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What `.ci/run` calls, itself or within one of these, is not called once more. */
const IN_CI = [
  'npm test',
  'npm run check',
  'npm run layers',
  'npm run test:packages',
  'npm run cheats',
  'npm run fuzz',
  'npm run e2e',
  'npm run thorough -w agent-daemon',
  'npm run conformance',
];

interface Bounded {
  /** The command as it is called here: on less, so that it ends soon. */
  readonly call: string;
  readonly exitCode?: number;
  readonly says: string;
}

/** Every other command for the checkout that a document names, and what it says at its end. */
const SCRIPTS: Readonly<Record<string, Bounded>> = {
  'npm start': { call: 'npm start', says: 'rules hold: what was paid was paid once' },
  'npm start -- examples/coding.yaml': {
    call: 'npm start -- examples/coding.yaml',
    says: 'rules hold: what was paid was paid once',
  },
  'npm run e2e -- --network testnet': {
    call: 'npm run e2e -- --network testnet',
    exitCode: 2,
    says: 'COORDINATOR_ACCOUNT_ID',
  },
  'npm run chaos': { call: 'npm run chaos -- --rounds 1', says: '1 rounds in' },
  'npm run chaos -- --minutes 30 --json': { call: 'npm run chaos -- --rounds 1 --json --minutes 30', says: '"seed":' },
  'npm run chaos -- --seed 17 --rounds 1 --keep': {
    call: `npm run chaos -- --seed 17 --rounds 1 --keep --directory ${directory}`,
    says: '1 rounds in',
  },
  'npm run outages': { call: 'npm run outages -- --away node --seconds 2', says: 'node' },
  'npm run simulate': { call: 'npm run simulate -- --seeds 5', says: '5 runs in' },
  'npm run simulate -- --seeds 100000 --from 1': {
    call: 'npm run simulate -- --seeds 5 --from 1',
    says: '0 with violations',
  },
  'npm run simulate -- --seed 170': { call: 'npm run simulate -- --seed 170', says: 'seed 170: 0 violations' },
  'npm run bench': { call: 'npm run bench -- --cases b --rounds 1 --tasks 3', says: '(b)' },
  'npm run bench -- --cases a --rounds 5': {
    call: 'npm run bench -- --cases a --rounds 1 --tasks 20',
    says: '(a)',
  },
  'npm run bench -- --cases e --tasks 20000 --json bench.json': {
    call: `npm run bench -- --cases e --tasks 200 --rounds 1 --json ${join(directory, 'bench.json')}`,
    says: '(e)',
  },
  'npm run serve:kill -- --rounds 50 --seed 1': {
    call: 'npm run serve:kill -- --rounds 2 --seed 1',
    says: '; 0 violations',
  },
  'npm run hostile': { call: 'npm run hostile -- --attempts 100', says: '0 rounds with violations' },
  'npm run simulate -- --gatekeeper': {
    call: 'npm run simulate -- --gatekeeper --seeds 3 --from 1',
    says: '0 with violations',
  },
  'npm run bench -- --cases i --tasks 300': { call: 'npm run bench -- --cases i --tasks 3 --rounds 1', says: '(i)' },
  'npm start -- --gatekeeper': { call: 'npm start -- --gatekeeper', says: 'rules hold: what was paid was paid once' },
  'npm run bench:ledger': { call: 'npm run bench:ledger -- --messages 1000 --runs 1', says: 'ready to serve' },
  'npm run bench:page': { call: 'npm run bench:page -- --tasks 100 --rounds 1', says: 'Chromium' },
  'npm run bench:daemon': {
    call: 'npm run bench:daemon -- --attempts 500 --every 100',
    says: '500 attempts in',
  },
  'npm run bench:daemon -- --attempts 1000000 --every 100000': {
    call: 'npm run bench:daemon -- --attempts 500 --every 100',
    says: '500 attempts in',
  },
  'npm run confinement-table -w agent-daemon': { call: 'npm run confinement-table -w agent-daemon', says: '|' },
};

const documents = [
  'README.md',
  'local-ledger/README.md',
  ...readdirSync(join(CHECKOUT, 'docs')).map((name) => `docs/${name}`),
];

/** Commands of npm for the checkout, in blocks and in sentences; those with a placeholder are covered by others. */
function named(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const document of documents.filter((name) => name.endsWith('.md'))) {
    for (const [, block, span] of read(document).matchAll(
      /^(npm (?:run|start|test)\b.*)$|`(npm (?:run|start|test)\b[^`]*)`/gm,
    )) {
      const command = (block ?? span ?? '').replace(/ +#.*$/, '').trim();
      if (!command.includes('<')) found.add(command);
    }
  }
  return found;
}

describe('every command for the checkout that a document names', () => {
  it('is called by this test or by .ci/run', () => {
    const scripts = [read('.ci/run'), JSON.stringify(JSON.parse(read('package.json')).scripts)].join();
    for (const command of ['npm test', 'npm run check', 'npm run layers', 'npm run test:packages']) {
      expect(scripts).toContain(command);
    }
    // The others are tests that npm test runs, some of them with fewer cases.
    for (const file of ['verify/cheats.test.ts', 'real-node/conformance.test.ts']) expect(scripts).toContain(file);
    expect([...named()].filter((command) => !IN_CI.includes(command)).sort()).toEqual(Object.keys(SCRIPTS).sort());
  });

  it.each(Object.entries(SCRIPTS))('%s', { timeout: 300_000 }, (_command, { call, exitCode = 0, says }) => {
    const [program = '', ...words] = call.split(' ');
    // Neither an account of whoever runs the tests, nor what npm tells the scripts it calls.
    const own = Object.entries(process.env).filter(([name]) => !/^npm_|_ACCOUNT_ID$|_PRIVATE_KEY$|^VITEST/i.test(name));
    const { status, stdout, stderr } = spawnSync(program, words, {
      cwd: CHECKOUT,
      env: Object.fromEntries(own),
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(exitCode);
    expect(stdout + stderr).toContain(says);
  });
});

describe('every call of the embedded network in local-ledger/README.md', () => {
  const BLOCK = /^```sh\n(local-ledger[\s\S]*?)\n```$/m;
  const lines = (BLOCK.exec(read('local-ledger/README.md'))?.[1] ?? '')
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, ''));
  const serving = lines.filter((line) => /^local-ledger(?! --help)/.test(line));
  const terminals = new Terminals();
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  symlinkSync(join(CHECKOUT, 'local-ledger/bin/local-ledger.js'), join(bin, 'local-ledger'));
  const path = `PATH=${bin}:$PATH`;
  afterAll(() => terminals.close());

  it('is one that serves, the help or the variables', () => {
    expect(serving.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !serving.includes(line))).toEqual([
      'eval "$(local-ledger --env)"',
      'local-ledger --help',
    ]);
    expect(expectDone(terminals.run(directory, `${path} local-ledger --help`))).toContain('Usage: local-ledger');
    const script = `export ${path}; ${lines.find((line) => line.startsWith('eval'))}; echo "$OPERATOR_ID"`;
    expect(expectDone(terminals.run(directory, script))).toBe('0.0.2\n');
  });

  it.each(serving)('%s', { timeout: 60_000 }, async (line) => {
    // An address that this host has.
    const served = await terminals.network(directory, `${path} exec ${line.replace('10.0.0.5', '127.0.0.1')}`);
    expect(served.operator.OPERATOR_ACCOUNT_ID).toBe('0.0.2');
  });
});
