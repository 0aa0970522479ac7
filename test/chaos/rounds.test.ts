import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RoundReport } from '../src/chaos/round.js';
import { sweep } from '../src/chaos/sweep.js';

/** Agents and coordinators are killed, streams are cut, a coordinator is taken over from, a quorum is asked. */
const FIXED_SEEDS = [4, 206, 207];
/** Any round must be right, so one that was never played is played each time. */
const FRESH_SEED = randomInt(2 ** 31);

it(`chaos with the seeds ${[...FIXED_SEEDS, FRESH_SEED].join(', ')} keeps every promise`, {
  timeout: 1_500_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-chaos-'));
  const reports: RoundReport[] = [];
  const { rounds } = await sweep({
    seeds: [...FIXED_SEEDS, FRESH_SEED],
    directory,
    onRound: (report) => reports.push(report),
  });
  const failed = reports.filter(({ violations }) => violations.length > 0);
  const replay = failed.map(({ seed }) => `npm run chaos -- --seed ${seed} --rounds 1 --keep`).join('\n');
  expect(failed, `logs in ${directory}\n${replay}`).toEqual([]);
  expect(rounds).toBe(FIXED_SEEDS.length + 1);
  expect(reports.every(({ findings }) => findings.outcome !== 'none')).toBe(true);
  rmSync(directory, { recursive: true, force: true });
});
