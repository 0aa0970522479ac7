// How long the page takes to answer, measured within the browser: from an act until what it changed was painted.
// Usage: npm run bench:page -- [--tasks 2000] [--rounds 5]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { withReport } from '@gatepost/coordinator/shell/reports/report-page';
import { chromium } from 'playwright-core';
import { bundlePage } from '../scripts/bundle.mjs';
import { chromiumPath, LAUNCH_ARGUMENTS } from './chromium.mjs';
import { documentOf } from './documents.mjs';
import { ScriptedService, TOKEN } from './scripted-service.mjs';

/** What an interaction may take. */
const MOST_MS = 200;

const { values } = parseArgs({
  options: { tasks: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
});

/** Acts on the page, done by the browser in each round. */
const ACTS = {
  'select a task in the graph': (round) => {
    const cell = document.querySelector(`#cell-${round * 37 + 5}`);
    cell.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  },
  'go on with an arrow key': () => {
    const graph = document.querySelector('.graph');
    graph.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  },
  'find tasks by name': (round) => {
    const box = document.querySelector('.overview input');
    box.value = round % 2 === 0 ? `task-${round + 1}` : '';
    box.dispatchEvent(new InputEvent('input', { bubbles: true }));
  },
  'filter by state': () => document.querySelector('.states button').click(),
  'change the size of the graph': (round) =>
    document.querySelector(`.zoom button[aria-label=${round % 2 === 0 ? 'larger' : 'smaller'}]`).click(),
  'look at the agents': () => document.querySelector('#tab-agents').click(),
  'look at the tasks again': () => document.querySelector('#tab-tasks').click(),
};

/** Does an act, and says after how many milliseconds its effect was painted; the browser runs it. */
const measured = (act, round) => `(async () => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(undefined);
  }));
  await painted();
  const began = performance.now();
  (${act})(${round});
  await painted();
  return performance.now() - began;
})()`;

const OPENING = 'open the file';

async function measureAll(executablePath) {
  const tasks = Number(values.tasks);
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-bench-page-'));
  const file = join(directory, 'report.html');
  const bundle = await bundlePage();
  const report = documentOf({ tasks, layers: 12, agents: 10 });
  const page = withReport(bundle, report);
  writeFileSync(file, page);
  const browser = await chromium.launch({ executablePath, args: LAUNCH_ARGUMENTS });
  try {
    process.stdout.write(`${tasks} tasks, ${(page.length / 1e6).toFixed(1)} MB, in Chromium ${browser.version()}\n`);
    const rounds = Number(values.rounds);
    const times = await acted(browser, pathToFileURL(file).href, rounds);
    times.set('take up a change, live', await takenUp(browser, bundle, report, rounds));
    for (const [act, ms] of times) process.stdout.write(`${act.padEnd(28)} ${shown(ms)}\n`);
    const slow = [...times].filter(([act, ms]) => act !== OPENING && medianOf(ms) >= MOST_MS);
    process.stdout.write(
      slow.length === 0
        ? `every interaction was answered within ${MOST_MS} ms, by its median\n`
        : `not within ${MOST_MS} ms: ${slow.map(([act]) => act).join(', ')}\n`,
    );
    return slow.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

const medianOf = (ms) => [...ms].sort((a, b) => a - b)[Math.floor(ms.length / 2)] ?? 0;

const rounded = (ms) => `${Math.round(ms)}`.padStart(5);
const shown = (ms) => `median ${rounded(medianOf(ms))} ms, most ${rounded(Math.max(...ms))} ms`;

async function acted(browser, url, rounds) {
  const tab = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  const times = new Map([OPENING, ...Object.keys(ACTS)].map((act) => [act, []]));
  const began = performance.now();
  await tab.goto(url);
  await tab.locator('.cell').first().waitFor();
  times.get(OPENING).push(performance.now() - began);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, act] of Object.entries(ACTS)) times.get(name).push(await tab.evaluate(measured(act, round)));
  }
  return times;
}

/**
 * How long the page of a coordinator that serves answers nothing while it takes up a newer report: its longest task, which
 * the browser tells from 50 ms on; 0 below.
 */
async function takenUp(browser, bundle, report, rounds) {
  const service = await ScriptedService.start(bundle, report);
  const tab = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await tab.goto(service.url);
  await tab.getByLabel('Token').fill(TOKEN);
  await tab.getByRole('button', { name: 'Look' }).click();
  await tab.locator('.cell').first().waitFor();
  await tab.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: 'longtask' });
  });
  const [other, run] = report.runs;
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const status = round % 2 === 0 ? 'cancelled' : 'blocked';
    const tasks = run.tasks.map((task, index) => (index % 5 === 0 ? { ...task, status } : task));
    service.report = { ...report, runs: [other, { ...run, tasks }] };
    await tab.evaluate('longest = 0');
    service.tell('verdict', run.run, run.tasks[0].id);
    await tab.locator(`#cell-0.s-${status}`).waitFor();
    // The observer is told after the task is over.
    await tab.waitForTimeout(200);
    times.push(await tab.evaluate('longest'));
  }
  await service.close();
  return times;
}

const executablePath = chromiumPath();
if (executablePath === undefined) {
  process.stdout.write('no Chromium here: nothing was measured; on Debian, apt-get install chromium\n');
} else {
  process.exitCode = await measureAll(executablePath);
}
