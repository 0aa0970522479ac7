import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from 'gatepost/stage/command';
import { afterEach, expect, it } from 'vitest';
import { expectVerified, openTestStage, type TestStage } from './stage-for-tests.js';

const LAG_MS = 3_000;
const PLAN = `name: clock
sequences:
  - id: only
    tasks:
      - { id: when, type: clock, price: 5, gate: { command: [node, --version] } }
`;
const executors = join(import.meta.dirname, 'fixtures/clock.executors.yaml');

let opened: TestStage | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

/** When the one task ran, after its assignment had reached consensus, in milliseconds; the mirror lags. */
async function beganAfter(start: 'on_assignment' | 'on_dispatch'): Promise<number> {
  const configure = (yaml: string) => `${yaml}\nstart: ${start}\n`;
  opened = await openTestStage([{ name: 'agent-1', executors, configure }]);
  const { stage, directory, truth } = opened;
  const lag = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ms: LAG_MS }) };
  expect((await fetch(`${stage.network.control}/mirror/lag`, lag)).ok).toBe(true);
  const file = join(directory, 'plan.yaml');
  writeFileSync(file, PLAN);
  const args = ['run', file, '--config', stage.coordinator.configFile, '--output-dir', join(directory, 'output')];
  const { code, stdout, stderr } = await runCommand('coordinator', args, stage.coordinator.env);
  expect(code, stdout + stderr).toBe(0);
  const [agent] = stage.agents;
  const [assign] = (await truth.records(agent?.inbox ?? '')).filter(({ type }) => type === 'assign');
  const [result] = (await truth.records(stage.journal)).filter(({ type }) => type === 'result');
  await expectVerified(opened);
  return Number(result?.output) - Number((assign?.at ?? 0n) / 1_000_000n);
}

it('while the mirror lags, an agent waits for it, or begins at the dispatch when its owner said so', {
  timeout: 120_000,
}, async () => {
  expect(await beganAfter('on_assignment')).toBeGreaterThan(LAG_MS - 500);
  await opened?.close();
  expect(await beganAfter('on_dispatch')).toBeLessThan(LAG_MS - 500);
});
