import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CoordinatorProcess, type Ended } from './support/coordinator-process.js';
import { Lane, TestLedger } from './support/stage.js';

/** Below the ports that the system gives to connections. */
const ADDRESS = '127.0.0.1:19474';
const PATIENCE_MS = 30_000;
const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let metricsFile: string;
let planFile: string;

const scrape = async (): Promise<string> => (await fetch(`http://${ADDRESS}/metrics`)).text();

/** The value of a series, named as Prometheus writes it; 0 when there is none. */
const seriesIn = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length) ?? 0,
  );

/** Looks at the metrics until they say what is expected. */
const until = (isSo: (text: string) => boolean): Promise<string> =>
  vi.waitFor(
    async () => {
      const text = await scrape();
      expect(isSo(text), text).toBe(true);
      return text;
    },
    { timeout: PATIENCE_MS, interval: 100 },
  );

const run = (): Promise<Ended> => coordinator.command('run', planFile, '--json', ...coordinator.config);

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, { echo: { command: ['cat'] } });
  metricsFile = join(lane.directory, 'run.prom');
  coordinator = new CoordinatorProcess(lane, '15s', { metrics: ADDRESS, metrics_file: metricsFile });
  planFile = join(lane.directory, 'plan.json');
  const tasks = [
    { id: 'paid', type: 'echo', price: 5, gate: 'none' },
    { id: 'asked', type: 'echo', price: 7, gate: 'human' },
  ];
  writeFileSync(planFile, JSON.stringify({ name: 'metrics', sequences: [{ id: 's', tasks }] }));
}, 60_000);

afterAll(async () => {
  await lane?.close();
  await ledger?.close();
});

describe('the metrics of a run', () => {
  it('are served while it works, and left in a file when it ends', { timeout: 60_000 }, async () => {
    const ended = run();
    const waits = 'gatepost_coordinator_waiting_seconds{for="person"}';
    const during = await until(
      (text) => seriesIn(text, waits) > 0 && seriesIn(text, 'gatepost_coordinator_payments_total') === 1,
    );
    expect(seriesIn(during, 'gatepost_coordinator_tasks{state="paid"}')).toBe(1);
    expect(seriesIn(during, 'gatepost_coordinator_tasks{state="review"}')).toBe(1);
    expect(seriesIn(during, 'gatepost_coordinator_run_state{state="open"}')).toBe(1);
    expect(seriesIn(during, 'gatepost_coordinator_connected_agents')).toBe(1);
    expect(seriesIn(during, 'gatepost_coordinator_agents{health="alive"}')).toBe(1);
    expect(seriesIn(during, 'gatepost_coordinator_paid_tokens_total')).toBe(5);
    expect(seriesIn(during, 'gatepost_coordinator_committed_tokens')).toBe(12);
    expect(seriesIn(during, 'gatepost_coordinator_waiting_seconds{for="agent"}')).toBe(0);
    expect(seriesIn(during, 'gatepost_coordinator_mirror_requests_total{result="answered"}')).toBeGreaterThan(0);
    expect(seriesIn(during, 'gatepost_coordinator_mirror_lag_seconds_count')).toBeGreaterThan(0);
    // Fees are those of the reading before.
    const fees = 'gatepost_coordinator_fees_hbar_total{transaction="CONSENSUSSUBMITMESSAGE"}';
    await until((text) => seriesIn(text, fees) > 0);
    const { output } = await coordinator.command('approve', 'asked', ...coordinator.config);
    expect(await ended, output).toMatchObject({ code: 0 });
    const after = readFileSync(metricsFile, 'utf8');
    expect(seriesIn(after, 'gatepost_coordinator_run_state{state="complete"}')).toBe(1);
    expect(seriesIn(after, 'gatepost_coordinator_verdicts_total{gate="human",accepted="true"}')).toBe(1);
    expect(seriesIn(after, 'gatepost_coordinator_transactions_total{kind="payment",outcome="done"}')).toBe(2);
    expect(seriesIn(after, 'gatepost_coordinator_paid_tokens_total')).toBe(12);
    // Another user collects it.
    expect(statSync(metricsFile).mode & 0o777).toBe(0o644);
    await expect(scrape()).rejects.toThrow();
  });

  it('are all in docs/operations.md with their labels, and nothing else is', () => {
    const text = readFileSync(metricsFile, 'utf8');
    const served = [...text.matchAll(/^# TYPE (gatepost_\w+)/gm)].map(([, name]) => name).sort();
    const rows = [...DOCUMENT.matchAll(/^\| `(gatepost_coordinator_\w+)` \| (.*?) \|/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual(served);
    for (const [, name, cell = ''] of rows) {
      const labels = [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort();
      const series = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? '';
      const found = [...series.matchAll(/(\w+)=/g)].map(([, label]) => label).filter((label) => label !== 'le');
      // Of what did not happen here there is no series.
      if (series !== '') expect(found.sort(), name).toEqual(labels);
    }
  });

  it.each([
    ['an address of others', '0.0.0.0:19475', 'loopback only'],
    ['a port that is taken', '127.0.0.1:19476', 'cannot serve metrics on 127.0.0.1:19476'],
  ])('%s is refused before anything is written', async (_what, metrics, words) => {
    const taken = createServer().listen(19_476, '127.0.0.1');
    onTestFinished(() => void taken.close());
    const other = new CoordinatorProcess(lane, '15s', { metrics });
    const before = await lane.records(undefined);
    const { code, output } = await other.command('run', planFile, '--new', ...other.config);
    expect([code, output]).toEqual([2, expect.stringContaining(words)]);
    expect(await lane.records(undefined)).toHaveLength(before.length);
  });
});
