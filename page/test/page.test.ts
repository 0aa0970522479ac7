import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ReportDocument, reportDocument } from '@gatepost/coordinator/core/report/document';
import { withReport } from '@gatepost/coordinator/shell/reports/report-page';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { told } from '../../coordinator/test/report/told.js';
import { honestRun } from '../../coordinator/test/verify/honest-run.js';
import { documentOf } from '../bench/documents.mjs';
import { bundlePage } from '../scripts/bundle.mjs';
import { CHROMIUM, faults, HOSTILE, opened } from './browser.js';

const WIDTHS = [360, 820, 1_440] as const;
const SCHEMES = ['light', 'dark'] as const;
const VIEWS = ['Tasks', 'Agents', 'Money', 'Verify'] as const;

const directory = mkdtempSync(join(tmpdir(), 'gatepost-page-'));
let bundle: string;

beforeAll(async () => {
  bundle = await bundlePage();
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Writes a report as the command does. */
function written(name: string, document: ReportDocument): string {
  const file = join(directory, `${name}.html`);
  writeFileSync(file, withReport(bundle, document));
  return pathToFileURL(file).href;
}

it('what is tested with has the form of a report', () => {
  reportDocument.parse(documentOf({ tasks: 30, layers: 4 }));
  reportDocument.parse(documentOf({ tasks: 30, layers: 4, text: HOSTILE }));
});

describe.skipIf(CHROMIUM === '')('the page', () => {
  it.each(WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => [width, colorScheme] as const)))(
    '%i pixels wide and %s: opens from the disk, fits, and has no serious fault for axe',
    async (width, colorScheme) => {
      const url = written('sizes', documentOf({ tasks: 24, layers: 5 }));
      await using at = await opened(`${url}#task=task-3`, { colorScheme, viewport: { width, height: 900 } });
      const { page, troubles } = at;
      for (const view of VIEWS) {
        await page.getByRole('tab', { name: view }).click();
        expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBeLessThanOrEqual(width);
        // Colours and widths touch all views alike: the narrowest and the widest page is looked at in each.
        if (view === 'Tasks' || `${width} ${colorScheme}` === '360 dark' || `${width} ${colorScheme}` === '1440 light')
          expect(await faults(page), view).toEqual([]);
      }
      expect(troubles).toEqual([]);
    },
  );

  it('tells an honest run as the ledger has it, each fact with its record', async () => {
    const document = told(honestRun());
    await using at = await opened(`${written('honest', document)}#task=a`);
    const { page, troubles } = at;
    await expect
      .poll(() =>
        page
          .getByText('All 44 rules hold')
          .or(page.getByText(/All \d+ rules hold/))
          .count(),
      )
      .toBe(1);
    const detail = page.getByRole('region', { name: 'a', exact: true });
    const text = (await detail.textContent()) ?? '';
    expect(text).toContain('complete and paid');
    expect(text).toContain('because');
    const place = document.runs[0]?.tasks[0]?.attempts[1]?.payment?.place;
    expect(text).toContain(`#${place?.sequence} at ${place?.at}`);
    const links = await detail
      .getByRole('link')
      .evaluateAll((all) => all.map((one) => String(one.getAttribute('href'))));
    expect(links).toContain(`https://hashscan.io/testnet/transaction/${place?.at}`);
    await page.getByRole('tab', { name: 'Money' }).click();
    expect(await page.getByRole('tabpanel').textContent()).toContain('205 of at most 1\u00a0000');
    expect(troubles).toEqual([]);
  });

  it('links nothing on a network that no explorer shows', async () => {
    await using at = await opened(
      `${written('local', documentOf({ tasks: 3, layers: 3, network: 'local' }))}#task=task-1`,
    );
    expect(await at.page.locator('a[href*="hashscan"]').count()).toBe(0);
    expect(await at.page.getByRole('region', { name: 'task-1' }).textContent()).toContain('0.0.3002 #');
  });

  it('shows hostile texts as text', async () => {
    const document = documentOf({ tasks: 12, layers: 3, text: HOSTILE });
    const first = document.runs[1]?.tasks[0]?.id ?? '';
    await using at = await opened(`${written('hostile', document)}#${new URLSearchParams({ task: first })}`);
    const { page, troubles } = at;
    for (const view of VIEWS) {
      await page.getByRole('tab', { name: view }).click();
      expect(
        await page.evaluate('[window.hacked, document.querySelectorAll("img, iframe, form[action]").length]'),
      ).toEqual([undefined, 0]);
      expect(await page.evaluate('document.querySelectorAll("script").length'), view).toBe(2);
      // Neither controls nor marks that turn the direction of writing are left raw.
      expect(await page.getByRole('tabpanel').textContent(), view).not.toMatch(/\p{Cc}(?<!\n)|\p{Cf}/u);
    }
    await page.getByRole('tab', { name: 'Tasks' }).click();
    expect(await page.getByRole('tabpanel').textContent()).toContain('</script><script>window.hacked=1</script>');
    expect(await page.title()).toBe('Gatepost report');
    expect(troubles).toEqual([]);
  });

  it('lets no other script or style work, wherever it came from', async () => {
    await using at = await opened(written('policy', documentOf({ tasks: 3, layers: 3 })));
    const { page, troubles } = at;
    const ran = await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = 1';
      document.body.append(script);
      const frame = document.createElement('img');
      frame.setAttribute('onerror', 'window.ran = 2');
      frame.src = 'https://example.com/x.png';
      document.body.append(frame);
      return fetch('https://example.com/').then(() => 'fetched', () => window.ran ?? 'nothing');
    })()`);
    expect(ran).toBe('nothing');
    expect(troubles.filter((one) => one.includes('Content Security Policy')).length).toBeGreaterThanOrEqual(3);
    // The browser tells of the picture that it was to fetch, and did not.
    expect(troubles.filter((one) => one.startsWith('failed'))).toEqual(['failed csp: https://example.com/x.png']);
  });

  it('is worked by keyboard alone: graph, tabs and filters', async () => {
    await using at = await opened(written('keys', documentOf({ tasks: 200, layers: 6 })));
    const { page } = at;
    const graph = page.getByRole('listbox', { name: /Graph/ });
    await graph.focus();
    await page.keyboard.press('ArrowRight');
    const detail = () => page.locator('.detail h3').textContent();
    await expect.poll(detail).toBe('task-1');
    expect(await graph.getByRole('option', { selected: true }).getAttribute('aria-label')).toMatch(/^task-1, /);
    await page.keyboard.press('ArrowRight');
    await expect.poll(detail).toBe('task-2');
    expect(await graph.getByRole('option', { selected: true }).count()).toBe(1);
    await page.getByRole('tab', { name: 'Tasks' }).focus();
    await page.keyboard.press('ArrowLeft');
    expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('Verify');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('searchbox', { name: 'Find tasks' }).fill('task-19');
    await expect.poll(() => page.getByText('11 of 200 tasks').count()).toBe(1);
    expect(await page.locator('.cell:not(.faint)').count()).toBe(11);
    expect(new URL(page.url()).hash).toContain('task=task-2');
  });

  it('finds runs by name, state and date', async () => {
    await using at = await opened(written('runs', documentOf({ tasks: 3, layers: 3 })));
    const { page } = at;
    const rows = () => page.getByRole('region', { name: 'Runs' }).locator('tbody tr').count();
    expect(await rows()).toBe(2);
    await page.getByRole('searchbox', { name: 'Search' }).fill('EARLIER');
    await expect.poll(rows).toBe(1);
    await page.getByRole('searchbox', { name: 'Search' }).fill('');
    await page.getByLabel('State').selectOption('open');
    await expect.poll(rows).toBe(1);
    await page.getByLabel('To', { exact: true }).fill('2020-01-01');
    await expect.poll(rows).toBe(0);
    await page.getByLabel('To', { exact: true }).fill('');
    await page.getByLabel('State').selectOption('');
    await page.getByRole('link', { name: 'an earlier plan' }).click();
    await expect.poll(() => page.locator('#run-title').textContent()).toBe('an earlier plan');
  });
});
