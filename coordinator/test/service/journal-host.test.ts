import { join } from 'node:path';
import type { RunEnd } from '@gatepost/coordinator/shell/run/begun-run';
import { openJournalHost } from '@gatepost/coordinator/shell/service/journal-host';
import type { RunHost } from '@gatepost/coordinator/shell/service/run-host';
import { planFromText } from '@gatepost/party/plan/plan-file';
import type { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Lane, TestLedger } from '../support/stage.js';

let ledger: TestLedger;
let lane: Lane;
let host: RunHost;

/** How each run ended, by its id. */
const ends = new Map<string, RunEnd | GatepostError>();

const whyOf = (run: string): string | undefined => {
  const end = ends.get(run);
  return end === undefined ? undefined : 'why' in end ? end.why : end.code;
};

function open(name: string, gate: string, price = 1): string {
  const ordinal = host.runs().size + 1;
  const tasks = ['a', 'b', 'c'].map((id) => ({ id, type: 'echo', price, gate }));
  const text = JSON.stringify({ name, sequences: [{ id: 's', tasks }] });
  const plan = planFromText('plan.json', text);
  const run = `${plan.digest.slice(0, 12)}-1`;
  host.open({
    submission: { run, ordinal, key: name, plan: plan.digest, weight: 1, mostOpen: 10 },
    plan,
    planFile: join(lane.directory, 'plan.json'),
    outputDir: join(lane.directory, 'output'),
    reporter: {
      begin: () => undefined,
      change: () => undefined,
      progress: () => undefined,
      waiting: () => undefined,
      end: () => undefined,
    },
    ended: (end) => ends.set(run, end),
  });
  return run;
}

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, { echo: { command: ['cat'] } });
  const { connection } = lane.coordinator;
  const options = { config: lane.config(), insecureLoopback: false, takeOver: false, mostOpen: 100 };
  host = await openJournalHost(connection, options, pino({ level: 'silent' }));
}, 120_000);

afterAll(async () => {
  await host?.close();
  await lane?.close();
  await ledger?.close();
}, 60_000);

it('runs are worked on side by side in one epoch, each to an end of its own', { timeout: 60_000 }, async () => {
  const waiting = open('waits for a person', 'human');
  const early = open('is done at once', 'none');
  const dear = open('cannot be paid', 'none', 900_000);
  await vi.waitFor(() => expect(whyOf(early)).toBe('closed'), { timeout: 40_000 });
  expect(whyOf(dear)).toBe('INVALID_CONFIG');
  const late = open('is asked for later', 'none');
  await vi.waitFor(() => expect(whyOf(late)).toBe('closed'), { timeout: 40_000 });
  await vi.waitFor(() => {
    const { tasks } = host.runs().get(waiting)?.state ?? {};
    expect([...(tasks?.values() ?? [])].map(({ status }) => status)).toEqual(['review', 'review', 'review']);
  });
  expect(whyOf(waiting)).toBeUndefined();
  expect((await host.index()).runs.get(late)).toMatchObject({ closed: 'complete' });
  await host.close();
  expect(whyOf(waiting)).toBe('interrupted');
  expect(await host.over).toEqual({ why: 'closed' });
  const epochs = (await lane.records(undefined)).filter(({ type }) => type === 'epoch');
  expect(epochs.map((record) => 'state' in record && record.state)).toEqual(['begun', 'ended']);
  const paid = [...ends.values()].flatMap((end) => ('why' in end ? end.summary.tasks : []));
  expect(paid.filter(({ status }) => status === 'paid')).toHaveLength(6);
});
