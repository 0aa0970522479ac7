import type { ReportDocument } from '@gatepost/coordinator/core/report/document';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../bench/documents.mjs';
import { ScriptedService, TOKEN } from '../bench/scripted-service.mjs';
import { bundlePage } from '../scripts/bundle.mjs';
import { CHROMIUM, faults, HOSTILE, type Opened, opened } from './browser.js';

const DOCUMENT = documentOf({ tasks: 60, layers: 5 });
const RUN = DOCUMENT.runs[1]?.run ?? '';
/** A task with a result that a person has to decide on. */
const ASKED = DOCUMENT.runs[1]?.tasks.find(({ awaits_person }) => awaits_person === true)?.id ?? '';

/** The document with changes in a task of the run that is open. */
const changed = (id: string, change: object, document: ReportDocument = DOCUMENT): ReportDocument => ({
  ...document,
  runs: document.runs.map((run) => ({
    ...run,
    tasks: run.tasks.map((task) => (task.id === id ? { ...task, ...change } : task)),
  })),
});

let bundle: string;
const services: ScriptedService[] = [];

beforeAll(async () => {
  bundle = await bundlePage();
});

afterAll(async () => {
  for (const service of services) await service.close();
});

async function served(report: ReportDocument | undefined = DOCUMENT): Promise<ScriptedService> {
  const service = await ScriptedService.start(bundle, report);
  services.push(service);
  return service;
}

/** Opens the page; it may ask for nothing but from where it came. */
async function look(
  service: ScriptedService,
  hash = '',
  window: Parameters<typeof opened>[1] = undefined,
): Promise<Opened & AsyncDisposable> {
  const at = await opened(`${service.url}${hash}`, window, (url) => url.startsWith(service.url));
  return at;
}

async function enter(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Look' }).click();
}

const connection = (page: Page) => page.getByRole('region', { name: 'Connection' });
const isLive = (page: Page) => expect.poll(() => connection(page).locator('.connection').textContent()).toBe('✓live');
const stateOf = (page: Page) => page.locator('.detail > p .state').textContent();

describe.skipIf(CHROMIUM === '')('the page of a coordinator that serves', { timeout: 120_000 }, () => {
  it('asks for a token once, keeps it in the tab alone, and sends it as a header', async () => {
    const service = await served();
    await using at = await look(service, `#task=${ASKED}`);
    const { page } = at;
    await enter(page, 'gatepost_wrong');
    await expect
      .poll(() => page.getByRole('alert').textContent())
      .toContain('the token is not known (UNAUTHENTICATED)');
    expect(await faults(page)).toEqual([]);
    await enter(page);
    await isLive(page);
    await page.reload();
    await isLive(page);
    expect(await page.evaluate('[localStorage.length, document.cookie]')).toEqual([0, '']);
    expect([page.url(), ...service.asked.map(({ path }) => path)].join(' ')).not.toContain('gatepost_');
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await expect.poll(() => page.getByLabel('Token').count()).toBe(1);
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('shows what changed without a reload, and leaves alone what somebody is doing', async () => {
    const service = await served();
    await using at = await look(service, `#task=${ASKED}`);
    const { page, troubles } = at;
    await enter(page);
    await isLive(page);
    await page.evaluate('window.same = true');
    const comment = page.getByLabel('Comment, which everybody can read');
    await comment.fill('half a');
    await page.getByRole('searchbox', { name: 'Find tasks' }).fill('task-1');
    const other = DOCUMENT.runs[1]?.tasks.find(({ status }) => status === 'pending')?.id ?? '';
    service.report = changed(other, { status: 'failed' });
    service.tell('failed', RUN, other);
    await expect.poll(() => page.locator(`[aria-label="${other}, failed"]`).count()).toBe(1);
    expect(await comment.inputValue()).toBe('half a');
    expect(await page.getByRole('searchbox', { name: 'Find tasks' }).inputValue()).toBe('task-1');
    expect(await page.evaluate('[window.same, document.activeElement.type]')).toEqual([true, 'search']);
    const reports = service.asked.filter(({ path }) => path.startsWith('/v1/report'));
    expect(reports[0]?.path).toBe('/v1/report?since=7d');
    expect(reports.slice(1).map(({ path }) => path)).toContain(`/v1/report?run=${RUN}`);
    expect(troubles).toEqual([]);
  });

  it('says what a decision posts before it is made, tells what was refused, and shows the verdict', async () => {
    const service = await served();
    await using at = await look(service, `#task=${ASKED}`);
    const { page } = at;
    await enter(page);
    const decision = page.getByRole('region', { name: 'A person decides' });
    await expect
      .poll(() => decision.textContent())
      .toContain('The coordinator 0.0.1001 posts one message on the journal');
    expect(await decision.textContent()).toMatch(/Approved, it is paid 120 of 0\.0\.1006/);
    await decision.getByRole('button', { name: 'Reject' }).click();
    await expect.poll(() => decision.getByRole('alert').textContent()).toContain('say why');
    expect(service.asked.filter(({ method }) => method === 'POST')).toEqual([]);
    const error = { code: 'LEDGER_UNREACHABLE', message: 'no node answers', advice: 'wait for the network' };
    service.refusal = { status: 503, error };
    await decision.getByLabel(/Comment/).fill('looks <b>right</b>');
    await decision.getByRole('button', { name: 'Approve' }).click();
    await expect
      .poll(() => decision.getByRole('alert').textContent())
      .toBe('no node answers (LEDGER_UNREACHABLE) wait for the network');
    await decision.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => decision.getByRole('status').textContent()).toContain(`Posted: approve.`);
    expect(service.asked.filter(({ method }) => method === 'POST').at(-1)).toEqual({
      method: 'POST',
      path: `/v1/runs/${RUN}/tasks/${ASKED}/approve`,
      body: JSON.stringify({ comment: 'looks <b>right</b>' }),
    });
    service.report = changed(ASKED, { status: 'paid', awaits_person: undefined });
    service.tell('settled', RUN, ASKED);
    await expect.poll(() => stateOf(page)).toBe('$paid');
    expect(await decision.count()).toBe(0);
  });

  it('lets nobody decide whose token may only look', async () => {
    const service = await served();
    service.roles = ['read'];
    await using at = await look(service, `#task=${ASKED}`);
    await enter(at.page);
    const decision = at.page.getByRole('region', { name: 'A person decides' });
    await expect.poll(() => decision.textContent()).toContain('It takes a token with the role approve');
    expect(await decision.getByRole('button').count()).toBe(0);
  });

  it('comes back by itself: to where it was, or to everything when something is missing', async () => {
    const service = await served();
    await using at = await look(service, `#task=${ASKED}`);
    const { page } = at;
    await enter(page);
    await isLive(page);
    service.tell('submitted', 'w-1');
    const lists = () => service.asked.filter(({ path }) => path.startsWith('/v1/runs?')).length;
    await expect.poll(lists).toBe(2);
    service.isDown = true;
    service.breakOff();
    await expect.poll(() => connection(page).textContent()).toContain('the node does not answer (LEDGER_UNREACHABLE)');
    expect(await connection(page).textContent()).toMatch(/not connected; next try at \d\d:\d\d:\d\d UTC/);
    expect(await faults(page)).toEqual([]);
    expect(await stateOf(page)).toBe('?in review');
    service.isDown = false;
    await isLive(page);
    expect(service.asked.at(-1)?.path).toBe('/v1/events?cursor=one.1');
    service.report = changed(ASKED, { status: 'cancelled', awaits_person: undefined });
    service.breakOff(true);
    await expect.poll(() => stateOf(page)).toBe('–cancelled');
    await isLive(page);
    expect(service.asked.slice(-3).map(({ path }) => path)).toContain('/v1/report?since=7d');
  });

  it('tells of a journal without runs, of runs that wait, and of a run that is opened', async () => {
    const service = await served(undefined);
    service.report = undefined;
    const trouble = { code: 'BUDGET', message: 'the balance is short', advice: 'fund it' };
    service.runs = [
      {
        run: 'w-1',
        name: 'a plan that waits',
        state: 'waiting',
        tasks: 3,
        weight: 2,
        submitted: { at: '2026-11-29T12:00:00.000Z', by: 'bob' },
        trouble,
      },
      { run: 'c-1', name: 'one that is over', state: 'closed', tasks: 3 },
    ];
    await using at = await look(service);
    const { page, troubles } = at;
    await enter(page);
    const waiting = page.getByRole('region', { name: 'Waiting runs' });
    await expect.poll(() => waiting.locator('tbody').textContent()).toContain('a plan that waits');
    expect(await waiting.locator('tbody tr').count()).toBe(1);
    expect(await waiting.textContent()).toContain('the balance is short (BUDGET); fund it');
    expect(await page.getByText('No runs.').count()).toBe(1);
    service.runs = [];
    service.tell('run_opened', RUN);
    // The mirror shows it later than the coordinator tells of it.
    await expect.poll(() => service.asked.filter(({ path }) => path.endsWith(RUN)).length).toBe(2);
    service.report = DOCUMENT;
    await expect.poll(() => page.locator('#run-title').textContent()).toBe('plan');
    await expect.poll(() => waiting.count()).toBe(0);
    // The browser itself tells of the answers that say that there is no run yet.
    expect(troubles.filter((one) => !one.includes('404'))).toEqual([]);
  });

  it('verifies a run again when it is asked to', async () => {
    const service = await served();
    await using at = await look(service, '#view=verify');
    const { page } = at;
    await enter(page);
    await page.getByRole('button', { name: 'Verify this run again' }).click();
    await expect
      .poll(() => page.getByRole('tabpanel').textContent())
      .toContain('1 rules were checked on this run: all hold.');
    expect(service.asked.at(-1)?.path).toBe(`/v1/verify?run=${RUN}`);
  });

  it('shows hostile texts as text, and asks nobody else', async () => {
    const document = documentOf({ tasks: 80, layers: 3, text: HOSTILE });
    const service = await served(document);
    service.runs = [
      { run: HOSTILE, name: HOSTILE, state: 'waiting', tasks: 1, submitted: { at: HOSTILE, by: HOSTILE } },
    ];
    const task = document.runs[1]?.tasks.find(({ awaits_person }) => awaits_person === true)?.id ?? '';
    service.refusal = { status: 400, error: { code: HOSTILE, message: HOSTILE, advice: HOSTILE } };
    await using at = await look(service, `#${new URLSearchParams({ task })}`);
    const { page, troubles } = at;
    await enter(page);
    const decision = page.getByRole('region', { name: 'A person decides' });
    await decision.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => decision.getByRole('alert').textContent()).toContain('</script><script>window.hacked=1');
    expect(service.asked.find(({ method }) => method === 'POST')?.path.split('/')[5]).toBe(encodeURIComponent(task));
    expect(
      await page.evaluate('[window.hacked, document.querySelectorAll("img, iframe, form[action]").length]'),
    ).toEqual([undefined, 0]);
    expect(await page.evaluate('document.querySelectorAll("script").length')).toBe(2);
    expect((await page.locator('main').textContent())?.match(/.{0,20}(\p{Cc}(?<!\n)|\p{Cf})/gu)).toBeNull();
    expect(troubles.filter((one) => !one.includes('status of 400'))).toEqual([]);
    const refused = await page.evaluate(`fetch('https://example.com/').then(() => 'fetched', () => 'refused')`);
    expect(refused).toBe('refused');
    expect(troubles.join(' ')).toContain('Content Security Policy');
  });

  // All widths and colours are looked at with a real coordinator.
  it.each([
    [360, 'dark'],
    [820, 'light'],
    [1_440, 'dark'],
  ] as const)(
    '%i pixels wide and %s: fits, is decided on by keyboard alone, and has no serious fault for axe',
    async (width, colorScheme) => {
      const service = await served();
      service.runs = [{ run: 'w-1', name: 'a plan that waits', state: 'waiting', tasks: 3 }];
      await using at = await look(service, `#task=${ASKED}`, { colorScheme, viewport: { width, height: 900 } });
      const { page, troubles } = at;
      await page.getByLabel('Token').focus();
      await page.keyboard.type(TOKEN);
      await page.keyboard.press('Enter');
      await isLive(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      await page.getByLabel('Comment, which everybody can read').focus();
      await page.keyboard.type('fine');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.judge [role=status]').textContent()).toContain('Posted: approve');
      expect(await faults(page)).toEqual([]);
      expect(troubles).toEqual([]);
    },
  );
});
