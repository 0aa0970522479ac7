import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorProcess } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

const SHIFTED_CLOCK = join(import.meta.dirname, 'support/shifted-clock.mjs');

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, { work: { command: ['printf', 'done'] } });
  coordinator = new CoordinatorProcess(lane, '60s');
});

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

function planFile(name: string): string {
  const path = join(lane.directory, `${name}.json`);
  const tasks = [{ id: 'a', type: 'work', gate: 'none', price: 3 }];
  writeFileSync(path, JSON.stringify({ name, sequences: [{ id: 's', tasks }] }));
  return path;
}

describe('a host whose clock is wrong', () => {
  it.each([
    ['ten minutes slow', -600_000, /clock of this host is 10m behind the ledger's/],
    ['ten minutes fast', 600_000, /clock of this host is 10m ahead of the ledger's/],
    ['a day slow', -86_400_000, /clock of this host is 24h behind the ledger's/],
    ['five seconds slow', -5_000, /clock of this host is [3-6](\.\d)?s behind the ledger's/],
    ['five seconds fast', 5_000, /clock of this host is [3-6](\.\d)?s ahead of the ledger's/],
  ])('is told so, and by how much: %s', async (_what, shiftMs, expected) => {
    const env = { SHIFT_MS: `${shiftMs}`, NODE_OPTIONS: `--import ${SHIFTED_CLOCK}` };
    const { code, output } = await coordinator.commandWith(env, 'run', planFile('late'), ...coordinator.config);
    expect(output).toMatch(expected);
    expect(output).toContain('Set the clock of this host');
    expect(code).toBe(1);
  });

  it('is no matter while it is off by less than matters', async () => {
    const env = { SHIFT_MS: '-1000', NODE_OPTIONS: `--import ${SHIFTED_CLOCK}` };
    const { code, output } = await coordinator.commandWith(env, 'run', planFile('near'), ...coordinator.config);
    expect(code, output).toBe(0);
  });
});

describe('a proxy in the environment', () => {
  it.each([
    ['http_proxy', {}],
    ['https_proxy', {}],
    ['grpc_proxy', { no_proxy: 'example.com' }],
  ])('is not used to reach this host: %s', async (variable, more) => {
    const env = { [variable]: 'http://127.0.0.1:9', ...more };
    const { code, output } = await coordinator.commandWith(
      env,
      'run',
      planFile(variable),
      '--json',
      ...coordinator.config,
    );
    expect(code, output).toBe(0);
    for (const line of output.split('\n').filter((text) => text !== '')) expect(() => JSON.parse(line)).not.toThrow();
  });
});

it('a network that is not there is said within seconds, before anything is tried', async () => {
  const env = { GATEPOST_NODE: '127.0.0.1:9' };
  const { code, output } = await coordinator.commandWith(env, 'run', planFile('gone'), ...coordinator.config);
  expect(output).toMatch(/nothing answers at the node address 127.0.0.1:9/);
  expect(code).toBe(1);
});
