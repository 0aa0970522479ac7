import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

const EXECUTORS = { echo: { command: ['cat'] } };

let ledger: TestLedger;
let lane: Lane;
let planFile: string;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, EXECUTORS);
  planFile = join(lane.directory, 'plan.json');
  const tasks = [
    { id: 'before', type: 'echo', price: 5, gate: 'none' },
    { id: 'between', type: 'echo', price: 7, gate: 'human' },
    { id: 'after', type: 'echo', price: 9, gate: 'none', depends_on: ['between'] },
  ];
  writeFileSync(planFile, JSON.stringify({ name: 'rotation', sequences: [{ id: 's', tasks }] }));
}, 60_000);

afterAll(async () => {
  await lane?.close();
  await ledger?.close();
});

/** Works on the run until the journal shows what is waited for, and is then interrupted as by Ctrl-C. */
async function runUntil(isShown: () => Promise<boolean>): Promise<void> {
  const interrupted = new AbortController();
  const proxy = await lane.proxy();
  const running = lane.run(loadPlan(planFile), proxy, interrupted.signal);
  await expect.poll(isShown, { timeout: 60_000 }).toBe(true);
  interrupted.abort();
  expect((await running).why).toBe('interrupted');
  proxy.close();
}

it('a run goes on with new keys of coordinator and agent, as docs/operations.md has it, and verify finds no fault', async () => {
  let run = '';
  await runUntil(async () => {
    run = (await lane.runs())[0] ?? '';
    const records = await lane.records(run);
    const delivered = records.filter(({ type }) => type === 'result').length;
    return delivered === 2 && records.some(({ type }) => type === 'settled');
  });

  await lane.rotateCoordinator();
  await lane.killAgents('SIGTERM');
  // With its old key the agent can have its inbox follow the coordinator; after that it may have a new one too.
  await lane.restartAgent(EXECUTORS);
  await lane.killAgents('SIGTERM');
  await lane.rotateAgent();
  await lane.restartAgent(EXECUTORS);

  const coordinator = new CoordinatorProcess(lane);
  const { code, output } = await coordinator.command('approve', 'between', '--plan', planFile, ...coordinator.config);
  expect(code, output).toBe(0);
  const ended = await coordinator.run(planFile);
  expect(ended.code, ended.output).toBe(0);
  expect(await lane.held()).toBe(21n);
  const verified = await coordinator.verify(planFile, run);
  expect(verified.output).toContain('rules hold');
  expect(verified.code).toBe(0);
}, 60_000);

it('docs/operations.md names the commands in that order', () => {
  const [, section = ''] = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8').split('## Keys');
  const steps = ['CryptoUpdate', 'agent-daemon init', 'coordinator run'].map((step) => section.indexOf(step));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(Math.min(...steps)).toBeGreaterThan(0);
});
