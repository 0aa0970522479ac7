import { join } from 'node:path';
import { addToken } from '@gatepost/coordinator/shell/service/tokens';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorProcess } from '../../coordinator/test/support/coordinator-process.js';
import { Serving } from '../../coordinator/test/support/serving.js';
import { Lane, TestLedger } from '../../coordinator/test/support/stage.js';
import { CHROMIUM, faults, opened } from './browser.js';

/** The first is paid at once, the second waits for a person, and what is behind it for that. */
const PLAN = JSON.stringify({
  name: 'looked at',
  sequences: [
    {
      id: 's',
      tasks: [
        { id: 'draft', type: 'echo', price: 5, gate: 'none' },
        { id: 'report', type: 'echo', price: 7, gate: 'human', depends_on: ['draft'] },
        { id: 'send', type: 'echo', price: 1, gate: 'none', depends_on: ['report'] },
      ],
    },
  ],
});

let ledger: TestLedger;
let lane: Lane;
let serving: Serving;
let token: string;
let submitter: string;

describe.skipIf(CHROMIUM === '')('the page, served by a coordinator', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    ledger = await TestLedger.start();
    lane = await Lane.open(ledger, { echo: { command: ['cat'] } });
    const serve = { http: '127.0.0.1:0', grpc: '127.0.0.1:0' };
    const coordinator = new CoordinatorProcess(lane, '15s', { serve });
    const file = join(lane.directory, 'tokens.yaml');
    token = addToken(file, 'alice', ['approve']);
    submitter = addToken(file, 'bob', ['submit']);
    serving = await Serving.start(coordinator);
  }, 120_000);

  afterAll(async () => {
    if (serving !== undefined) expect(await serving.stop(), serving.log).toBe(0);
    await lane?.close();
    await ledger?.close();
  }, 120_000);

  it('is opened before a run; the run is found, one of its tasks opened, approved, and seen paid, without a reload', async () => {
    await using at = await opened(`${serving.http}/`, undefined, (url) => url.startsWith(`${serving.http}/`));
    const { page, troubles } = at;
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Look' }).click();
    await expect.poll(() => page.locator('.connection').textContent()).toBe('✓live');
    await expect.poll(() => page.getByText('No runs.').count()).toBe(1);
    await page.evaluate('window.same = true');
    const headers = { 'idempotency-key': 'once' };
    const submitted = await serving.ask('/v1/runs', submitter, { method: 'POST', body: PLAN, headers });
    expect(submitted.status).toBe(201);
    await expect.poll(() => page.locator('#run-title').allTextContents(), { timeout: 60_000 }).toEqual(['looked at']);
    await page.getByRole('searchbox', { name: 'Find tasks' }).fill('rep');
    await page.getByRole('region', { name: 'Tasks' }).getByRole('button', { name: 'report' }).click();
    const detail = page.getByRole('region', { name: 'report', exact: true });
    const decision = page.getByRole('region', { name: 'A person decides' });
    await expect.poll(() => decision.count(), { timeout: 60_000 }).toBe(1);
    expect(await detail.getByRole('list', { name: 'Why' }).textContent()).toContain('waits for a person');
    expect(await decision.textContent()).toContain(
      `The coordinator ${lane.coordinator.connection.account} posts one message`,
    );
    await decision.getByLabel(/Comment/).fill('numbers checked');
    await decision.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => detail.textContent(), { timeout: 60_000 }).toContain('complete and paid');
    expect(await detail.textContent()).toMatch(/paid.* 7 to 0\.0\.\d+/);
    const { run } = submitted.body as { run: string };
    const said = (await lane.records(run)).filter(({ type }) => type === 'directive');
    expect(said).toMatchObject([{ action: 'approve', task: 'report', reason: 'numbers checked' }]);
    await expect
      .poll(() => page.locator('.facts .outcome').allTextContents(), { timeout: 60_000 })
      .toEqual(['complete']);
    await page.getByRole('tab', { name: 'Verify' }).click();
    await page.getByRole('button', { name: 'Verify this run again' }).click();
    await expect.poll(() => page.getByRole('tabpanel').textContent()).toContain('were checked on this run: all hold.');
    expect(await page.evaluate('window.same')).toBe(true);
    for (const width of [360, 820, 1_440]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        expect(await faults(page), `${width} ${colorScheme}`).toEqual([]);
      }
    }
    // The browser itself tells of the answer that says that there is no run yet.
    expect(troubles.filter((one) => !one.includes('404'))).toEqual([]);
  });
});
