import { afterEach, expect, it } from 'vitest';
import { type LeaseInput, type LeaseState, NO_LEASES, planLeases } from '../src/core/lease-planner.js';
import { MAX_ENDS } from '../src/shell/work/inbox-reader.js';
import { Hosted } from './support/hosted.js';
import { done } from './support/outcomes.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

let host: Hosted;
afterEach(async () => host?.close());

const POLICY = { intervalMs: 30_000, idleIntervalMs: 600_000 };

it.each(['ends', 'breaks'] as const)('a stream of the inbox that %s is opened again where it was', async (how) => {
  host = await Hosted.start();
  host.ledger.assign('run', [work({ task: 'before', inline: true }).record]);
  await until(() => host.results('before').length > 0 || undefined, 'the first result');
  host.ledger.stream = how;
  await until(() => !host.daemon.inbox.hears || undefined, 'the end');
  host.ledger.assign('run', [work({ task: 'meanwhile', inline: true }).record]);
  host.ledger.stream = 'flows';
  await until(() => host.results('meanwhile').length > 0 || undefined, 'what came meanwhile');
  expect(host.daemon.inbox.hears).toBe(true);
  expect(host.results('before')).toHaveLength(1);
});

it('a message that cannot be followed is not skipped', async () => {
  host = await Hosted.start();
  const { engine } = host.daemon;
  const assign = engine.assign.bind(engine);
  let failures = 2;
  engine.assign = (assignment) => {
    failures -= 1;
    if (failures >= 0) throw new Error('the store does not answer');
    assign(assignment);
  };
  host.ledger.assign('run', [work({ task: 'a', inline: true }).record]);
  await until(() => host.results('a').length > 0 || undefined, 'its result');
  expect(host.ledger.opened).toBe(3);
});

it('a quiet inbox that is open again counts as heard', async () => {
  host = await Hosted.start();
  host.ledger.stream = 'breaks';
  await until(() => !host.daemon.inbox.hears || undefined, 'the end');
  host.ledger.stream = 'flows';
  await until(() => host.daemon.inbox.hears || undefined, 'that it hears again');
});

it('a daemon that cannot read its inbox goes offline, with the reason, and renews no lease', async () => {
  host = await Hosted.start({ speed: 20, settings: { lease: { interval: '5s', idle_interval: '5s' } } });
  await until(() => host.daemon.lease.renewals > 1 || undefined, 'the first leases');
  host.ledger.stream = 'breaks';
  await until(() => !host.daemon.inbox.hears || undefined, 'the end');
  const { renewals } = host.daemon.lease;
  const error = await host.daemon.failed();
  expect(error).toMatchObject({ code: 'MIRROR_UNREACHABLE', message: expect.stringContaining(`${MAX_ENDS} times`) });
  expect(host.ledger.opened).toBe(MAX_ENDS);
  expect(host.daemon.lease.renewals).toBeLessThanOrEqual(renewals + 1);
  expect(await host.daemon.stop(error.message)).toEqual([]);
  expect(host.records().at(-1)).toMatchObject({ type: 'offline', reason: error.message });
});

it('the lease of an agent that does not hear runs out without a successor; when it hears again it says that it is online', () => {
  let state: LeaseState = NO_LEASES;
  const give = (input: LeaseInput, nowMs: number, hears: boolean) => {
    const plan = planLeases(state, input, POLICY, { nowMs, heldUntilMs: undefined, hears, jitter: 1 });
    state = plan.state;
    return plan;
  };
  give({ type: 'tick' }, 0, true);
  give({ type: 'create_outcome', number: 1, outcome: done(1) }, 100, true);
  for (const nowMs of [500_000, 600_001, 700_000, 3_600_000]) {
    expect(give({ type: 'tick' }, nowMs, false), `${nowMs}`).toMatchObject({ commands: [], wakeAtMs: undefined });
  }
  expect(give({ type: 'tick' }, 3_700_000, true).commands).toMatchObject([{ do: 'announce_again' }, { do: 'create' }]);
});
