import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from '../src/chaos/world.js';
import { sufferOutage } from '../src/outages/outage.js';

/** Long enough for the first line and one more, and for the absence of either to be noticed. */
const AWAY_MS = 50_000;

let directory: string;
let world: World;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-waiting-'));
  world = await openWorld(directory);
});

afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

// Idle most of the time. With the node away a run waits in another place: `npm run outages` has that, too.
it('a run that waits for the mirror alone says so within half a minute, and since when', {
  timeout: 450_000,
}, async () => {
  const report = await sufferOutage(world, 'mirror', AWAY_MS);
  expect(report.violations).toEqual([]);
  expect(new Set(report.said.map((said) => said.for))).toEqual(new Set(['the mirror']));
});
