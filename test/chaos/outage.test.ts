import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from '../src/chaos/world.js';
import { AWAY, type Away, sufferOutage } from '../src/outages/outage.js';

let directory: string;
let world: World;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-outage-'));
  world = await openWorld(directory);
});

afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
});

// `npm run outages` has those of thirty seconds and five minutes.
it.each(Object.keys(AWAY) as Away[])(
  '%s away for two seconds: the run goes on and pays once',
  {
    timeout: 400_000,
  },
  async (away) => {
    expect((await sufferOutage(world, away, 2_000)).violations).toEqual([]);
  },
);
