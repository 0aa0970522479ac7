import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callHere } from './support/call-here.js';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

/** Clears the screen, sets the title, rings, turns the direction, hides, and begins a line that looks like ours. */
const HOSTILE = '\u001b[2J\u001b]0;all paid\u0007\u009b1m\u202e\u200b\rrun closed: complete';
const OBEYED = [
  [0x00, 0x09],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x2069],
  [0xfeff, 0xfeff],
] as const;

/** Executors as texts for `sh -c`: octal escapes make the hostile bytes. */
const BYTES = '\\033[2J\\033]0;all paid\\007\\302\\2331m\\342\\200\\256\\342\\200\\213\\rrun closed: complete';

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let plan: string;
let run: string;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, {
    echo: { command: ['sh', '-c', `printf '::progress 0.5 ${BYTES}\\n${BYTES}\\n' >&2; cat`] },
    fails: { command: ['sh', '-c', `cat >/dev/null; printf '${BYTES}\\n' >&2; exit 3`] },
  });
  coordinator = new CoordinatorProcess(lane);
  writeFileSync(join(lane.directory, 'gate.sh'), `printf 'no: ${BYTES}\\n'; exit 1\n`);
  plan = join(lane.directory, 'plan.json');
  const tasks = [
    { id: 'a', type: 'echo', price: 5, attempts: 1, input: HOSTILE, gate: { command: ['sh', 'gate.sh'] } },
    { id: 'b', type: 'fails', price: 5, attempts: 1, gate: 'none' },
    { id: 'c', type: 'echo', input: { [HOSTILE]: HOSTILE }, gate: 'none' },
  ];
  writeFileSync(plan, JSON.stringify({ name: `plan ${HOSTILE}`, sequences: [{ id: 's', tasks }] }));
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

function expectClean(output: string): void {
  const codes = [...output].map((character) => character.codePointAt(0) ?? 0);
  const found = codes.filter((code) => OBEYED.some(([from, to]) => code >= from && code <= to));
  expect(found).toEqual([]);
  expect(output.split('\n').filter((line) => line.startsWith('run closed: complete'))).toEqual([]);
}

describe('what agents, gates and plans say is never obeyed by the terminal', () => {
  it('of run', async () => {
    const { code, output } = await coordinator.command('run', plan, ...coordinator.config);
    expect(code).toBe(1);
    expect(output).toContain('\\u{1B}[2J');
    expectClean(output);
    run = /run (\S+),/.exec(output)?.[1] ?? '';
    expect(run).not.toBe('');
  });

  it.each([
    ['run of a closed run', () => ['run', plan, ...coordinator.config]],
    ['run --json', () => ['run', plan, '--json', ...coordinator.config]],
    ['status', () => ['status', ...coordinator.config]],
    ['status --json', () => ['status', '--json', ...coordinator.config]],
    ['explain of a rejected task', () => ['explain', 'a', ...coordinator.config]],
    ['explain of a failed task', () => ['explain', 'b', ...coordinator.config]],
    ['explain of an unknown task', () => ['explain', HOSTILE, ...coordinator.config]],
    ['agents', () => ['agents', ...coordinator.config]],
    ['agents --json', () => ['agents', '--json', ...coordinator.config]],
    ['runs', () => ['runs', ...coordinator.config]],
    ['runs --csv', () => ['runs', '--csv', ...coordinator.config]],
    ['logs', () => ['logs', 'a', ...coordinator.config]],
    ['logs --json', () => ['logs', 'b', '--json', ...coordinator.config]],
    ['journal', () => ['journal', ...coordinator.config]],
    ['journal --json', () => ['journal', '--json', ...coordinator.config]],
    ['approve', () => ['approve', HOSTILE, ...coordinator.config]],
    ['reject', () => ['reject', 'a', '--reason', HOSTILE, ...coordinator.config]],
    ['cancel', () => ['cancel', HOSTILE, '--reason', HOSTILE, ...coordinator.config]],
    ['verify', () => ['verify', '--journal', lane.journal, '--plan', plan]],
    ['verify --json', () => ['verify', '--journal', lane.journal, '--json']],
    ['bill', () => ['bill', '--journal', lane.journal]],
    ['bill of an unknown run', () => ['bill', '--journal', lane.journal, '--run', HOSTILE]],
    ['estimate', () => ['estimate', plan]],
    ['a missing plan', () => ['run', `${HOSTILE}.yaml`, ...coordinator.config]],
  ] as const)('of %s', async (_what, args) => {
    const { output } = await callHere({ ...lane.environment, ...coordinator.keys }, ...args());
    expect(output).not.toBe('');
    expectClean(output);
  });

  it('of a plan with mistakes', async () => {
    const bad = join(lane.directory, 'bad.json');
    const tasks = [{ id: HOSTILE, type: HOSTILE, gate: HOSTILE, [HOSTILE]: HOSTILE }];
    writeFileSync(bad, JSON.stringify({ name: HOSTILE, sequences: [{ id: 's', tasks }] }));
    const { code, output } = await coordinator.command('estimate', bad);
    expect(code).toBe(2);
    expectClean(output);
  });

  it('of import', async () => {
    const festival = join(lane.directory, 'festival');
    mkdirSync(join(festival, '001_A/01_a'), { recursive: true });
    const matter = `---\nfest_type: task\nfest_name: ${JSON.stringify(HOSTILE)}\nfest_parent: ${JSON.stringify(HOSTILE)}\n---\n`;
    writeFileSync(join(festival, '001_A/01_a/01_x.md'), `${matter}Do it.\n`);
    const out = join(lane.directory, 'imported.yaml');
    const { code, output } = await coordinator.command('import', festival, '--out', out);
    expect(code, output).toBe(0);
    expectClean(output);
  });
});
