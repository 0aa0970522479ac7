import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { chromiumPath, LAUNCH_ARGUMENTS } from '../bench/chromium.mjs';

export const CHROMIUM = chromiumPath() ?? '';

if (CHROMIUM === '') {
  process.stderr.write('no Chromium here: the page was not opened in a browser; on Debian, apt-get install chromium\n');
}

/** Texts that would do something if they were taken for anything but text. */
export const HOSTILE = [
  '</script><script>window.hacked=1</script>',
  '<img src=x onerror="window.hacked=1">',
  '"><svg onload=window.hacked=1>',
  '<!--<script>',
  'javascript:window.hacked=1',
  '{{constructor.constructor("window.hacked=1")()}}',
  '\u202egnp.exe\u202c \u0000\u001b[2J',
  '$& $` \\u003c',
  '__proto__',
].join(' ');

let browser: Promise<Browser> | undefined;

afterAll(async () => {
  await (await browser)?.close();
});

export interface Opened {
  readonly page: Page;
  /** What the browser complained about, and what it asked for. */
  readonly troubles: string[];
}

/** Opens an address in a window of its own; the browser is started with the first. */
export async function opened(
  url: string,
  options: Parameters<Browser['newContext']>[0] = { viewport: { width: 1_440, height: 900 } },
  /** Whether it may ask for an address: a file for itself alone. */
  isAllowed = (asked: string): boolean => asked.split('#')[0] === url.split('#')[0],
): Promise<Opened & AsyncDisposable> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, args: LAUNCH_ARGUMENTS });
  const context: BrowserContext = await (await browser).newContext(options);
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('requestfailed', (request) => troubles.push(`failed ${request.failure()?.errorText}: ${request.url()}`));
  page.on('request', (request) => {
    if (!isAllowed(request.url())) troubles.push(`request ${request.url()}`);
  });
  await page.goto(url);
  return { page, troubles, [Symbol.asyncDispose]: () => context.close() };
}

/** The serious faults that axe finds now. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: axe.AxeResults = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)} (${nodes.length}) ${nodes[0]?.failureSummary}`);
}
