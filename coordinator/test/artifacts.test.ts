import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireSuccess } from '@gatepost/coordinator/shell/run/run-plan';
import { artifactPath } from '@gatepost/party/artifacts/artifact-store';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { BUCKET, CREDENTIALS, NO_OTHER_CREDENTIALS, startS3rver } from '../../party/test/support/s3-servers.js';
import { planOf, taskOf } from './core/plans.js';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { HeldTasks } from './support/held-tasks.js';
import { Lane, type RunChange, TestLedger } from './support/stage.js';

const held = new HeldTasks();
const gates = [{ kind: 'none' as const }];
/** Too long for the ledger. */
const LONG = 'x'.repeat(5_000);
const executors = {
  long: { command: ['node', '-e', `process.stdout.write('x'.repeat(5000))`] },
  short: { command: ['printf', 'short'] },
  held: held.executor,
  echo: held.echo,
};

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, executors);
});

afterAll(async () => {
  await lane.close();
  await ledger.close();
  held.remove();
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatepost-artifacts-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function run(plan: ReturnType<typeof planOf>, change: RunChange, signal?: AbortSignal) {
  const proxy = await lane.proxy();
  try {
    return await lane.run(plan, proxy, signal ?? new AbortController().signal, change);
  } finally {
    proxy.close();
  }
}

const fileOf = (store: string, text: string) => join(store, artifactPath(sha256(text)));

it('a store that is out of reach delays nothing that is paid, is waited for, and gets everything once it is there', async () => {
  const store = join(directory(), 'mount');
  const artifacts = { directory: store };
  const plan = planOf([
    taskOf('long', { type: 'long', gates }),
    taskOf('short', { type: 'short', gates }),
    taskOf('last', { type: 'held', gates }),
  ]);
  const waits: string[] = [];
  const running = run(plan, {
    artifacts,
    waiting: ({ kind, whom, what }) => waits.push(`${kind} ${whom} ${what}`),
  });
  await expect.poll(async () => await lane.held(), { timeout: 20_000 }).toBe(20n);
  await expect
    .poll(() => waits.find((wait) => wait.startsWith('store')), { timeout: 20_000 })
    .toMatch(/^store the artifact store .*mount to have the output of (long|short) and 1 more: .*no such directory/);
  mkdirSync(store);
  held.release('last');
  const end = await running;
  requireSuccess(end);
  expect(end.summary.artifacts).toMatchObject({ place: store, stored: 3 });
  expect(readFileSync(fileOf(store, LONG), 'utf8')).toBe(LONG);
  expect(readFileSync(fileOf(store, 'short'), 'utf8')).toBe('short');

  // Of a run that is over, what is missing is had from its agents and stored by the same command, on any host.
  rmSync(join(store, 'sha256'), { recursive: true });
  const again = await run(plan, { artifacts });
  requireSuccess(again);
  expect(readFileSync(fileOf(store, LONG), 'utf8')).toBe(LONG);
});

it('are in a bucket whose keys nobody is told or given', async () => {
  const server = await startS3rver();
  onTestFinished(() => server.close());
  for (const [name, value] of Object.entries({ ...CREDENTIALS, ...NO_OTHER_CREDENTIALS })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const s3 = { endpoint: server.endpoint, bucket: BUCKET, region: 'us-east-1', prefix: 'team' };
  const seesNone = `process.exit(Object.keys(process.env).some((name) => name.startsWith('AWS_')) ? 1 : 0)`;
  const gate = { kind: 'command' as const, argv: ['node', '-e', seesNone], timeoutMs: 10_000 };
  const plan = planOf([taskOf('long', { type: 'long', gates: [gate] })]);
  const end = await run(plan, { artifacts: { s3 } });
  requireSuccess(end);

  const coordinator = new CoordinatorProcess(lane, undefined, { artifacts: { s3 } });
  const env = { ...CREDENTIALS, ...NO_OTHER_CREDENTIALS };
  const doctor = await coordinator.commandWith(env, 'doctor', ...coordinator.config);
  expect(doctor.output).toMatch(/^ok {7}artifacts: s3:\/\/artifacts\/team at http/m);
  const wrong = { ...env, AWS_SECRET_ACCESS_KEY: 'a-wrong-secret' };
  const refused = await coordinator.commandWith(wrong, 'doctor', ...coordinator.config);
  expect(refused.output).toMatch(/^warning {2}artifacts.unavailable: .*signature/m);
  expect(doctor.output + refused.output + JSON.stringify(end)).not.toMatch(/S3RVER|a-wrong-secret/);
  const kept = readdirSync(lane.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(kept.length).toBeGreaterThan(5);
  for (const { parentPath, name } of kept) {
    expect(readFileSync(join(parentPath, name), 'latin1'), name).not.toMatch(/S3RVER|a-wrong-secret/);
  }
});

it('outlive their agent: its data gone, its tasks are worked on further, and what was paid can be had', {
  timeout: 90_000,
}, async () => {
  const store = directory();
  const artifacts = { directory: store };
  const planFile = join(lane.directory, 'plan.yaml');
  const tasks = [
    { id: 'a', type: 'long', price: 1, gate: 'none' },
    { id: 'b', type: 'echo', price: 1, gate: 'none', input: { of: { $output: 'a' } }, depends_on: ['a'] },
  ];
  writeFileSync(planFile, stringify({ name: 'outlives', sequences: [{ id: 's', tasks }] }));
  const plan = loadPlan(planFile);
  const stop = new AbortController();
  const first = run(plan, { artifacts }, stop.signal);
  await expect.poll(() => existsSync(fileOf(store, LONG)), { timeout: 20_000 }).toBe(true);
  stop.abort();
  expect((await first).why).toBe('interrupted');

  await lane.killAgents();
  rmSync(join(lane.directory, 'agent-0'), { recursive: true });
  await lane.restartAgent(executors);
  held.release('b');
  const { summary, why } = await run(plan, { artifacts });
  expect(why).toBe('closed');
  expect(summary.tasks.map(({ status, paid, reason }) => [status, paid, reason])).toEqual([
    ['paid', '1', undefined],
    ['paid', '1', undefined],
  ]);
  expect(summary.artifacts).toEqual({ place: store, stored: 2 });
  expect(JSON.parse(readFileSync(fileOf(store, JSON.stringify({ input: { of: LONG } })), 'utf8'))).toEqual({
    input: { of: LONG },
  });

  await lane.killAgents();
  const coordinator = new CoordinatorProcess(lane, undefined, { artifacts: { directory: store } });
  const output = (...more: string[]) =>
    coordinator.commandWithoutKey({}, 'output', 'a', ...coordinator.config, '--plan', planFile, ...more);
  expect(await output()).toEqual({ code: 0, signal: null, output: LONG });
  writeFileSync(fileOf(store, LONG), LONG.replace('x', 'y'));
  const refused = await output();
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/has other bytes than those of .*Remove that artifact/s);
  rmSync(fileOf(store, LONG));
  expect(await output()).toMatchObject({ code: 1, output: expect.stringContaining('does not have it') });
});
