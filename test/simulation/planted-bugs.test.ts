import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.js';

const CHECKOUT = join(import.meta.dirname, '../..');
/** Each is found within so many runs. */
const BOUND = 150;
const TIMEOUT_MS = 180_000;

/** The simulation with a bug in it, as its command prints. */
function simulateWith({
  patches,
  from,
  withGatekeeper = false,
}: PlantedBug): Promise<{ readonly status: number | null; readonly output: string }> {
  const main = join(CHECKOUT, 'test/dist/simulation/main.js');
  const args = [
    main,
    '--first',
    '--seeds',
    String(BOUND),
    '--from',
    String(from),
    ...(withGatekeeper ? ['--gatekeeper'] : []),
  ];
  const child = spawn(process.execPath, ['--import', join(import.meta.dirname, 'plant.mjs'), ...args], {
    env: { ...process.env, GATEPOST_PLANTED: JSON.stringify(patches) },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, output })));
}

describe('the simulation notices', () => {
  it.each(PLANTED_BUGS)(
    '$name',
    async (planted) => {
      const { status, output } = await simulateWith(planted);
      expect(output).toMatch(/VIOLATION seed \d+/);
      expect(output).toMatch(/replay: npm run simulate -- --seed \d+/);
      expect(status).toBe(1);
    },
    TIMEOUT_MS,
  );
});
