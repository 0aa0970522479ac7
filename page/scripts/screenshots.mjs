// Takes the pictures in docs/images of reports that are made up; run by hand after the page looks different.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withReport } from '@gatepost/coordinator/shell/reports/report-page';
import { chromium } from 'playwright-core';
import { chromiumPath, LAUNCH_ARGUMENTS } from '../bench/chromium.mjs';
import { documentOf } from '../bench/documents.mjs';
import { ScriptedService, TOKEN } from '../bench/scripted-service.mjs';
import { bundlePage } from './bundle.mjs';

const WIDE = { width: 1_200, height: 760 };

/** Which part of which report, in which window. */
const PICTURES = {
  'report-24-tasks': [{ tasks: 24, layers: 5 }, 'task=task-9', { viewport: WIDE, colorScheme: 'light' }],
  'report-2000-tasks': [{ tasks: 2_000, layers: 12 }, 'task=task-900', { viewport: WIDE, colorScheme: 'dark' }],
  'report-agents': [{ tasks: 200, layers: 8, agents: 3 }, 'view=agents', { viewport: WIDE, colorScheme: 'light' }],
  'report-phone': [
    { tasks: 24, layers: 5 },
    'task=task-9',
    { viewport: { width: 360, height: 760 }, colorScheme: 'dark' },
  ],
};

const directory = mkdtempSync(join(tmpdir(), 'gatepost-pictures-'));
const bundle = await bundlePage();
const browser = await chromium.launch({ executablePath: chromiumPath(), args: LAUNCH_ARGUMENTS });
for (const [name, [about, hash, window]] of Object.entries(PICTURES)) {
  const file = join(directory, `${name}.html`);
  writeFileSync(file, withReport(bundle, documentOf(about)));
  const page = await browser.newPage(window);
  await page.goto(`${pathToFileURL(file).href}#${hash}`);
  await page.locator('#run-title').evaluate((title) => title.scrollIntoView());
  await page.screenshot({ path: join(import.meta.dirname, '../../docs/images', `${name}.png`) });
  await page.close();
}
await pictureLive();
await browser.close();
rmSync(directory, { recursive: true });

/** The page of a coordinator that serves, where a person is about to decide. */
async function pictureLive() {
  const report = documentOf({ tasks: 60, layers: 5 });
  const service = await ScriptedService.start(bundle, report);
  const asked = report.runs[1].tasks.find(({ awaits_person }) => awaits_person === true);
  const page = await browser.newPage({ viewport: { width: 1_200, height: 1_150 }, colorScheme: 'light' });
  await page.goto(`${service.url}#task=${asked.id}`);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Look' }).click();
  await page.getByLabel(/Comment/).fill('numbers checked');
  await page.screenshot({ path: join(import.meta.dirname, '../../docs/images/live-decision.png') });
  await service.close();
}
