import { afterEach, describe, expect, it } from 'vitest';
import { Hosted } from './support/hosted.js';
import { until } from './support/until.js';

let host: Hosted;
afterEach(async () => host?.close());

/** A result was signed, nobody could tell what became of it, and the host went down. */
async function crashInFlight(task: string): Promise<void> {
  host = await Hosted.start();
  await until(() => host.daemon.poster.pending === 0 || undefined, 'the first records');
  host.ledger.behaviour = 'silent';
  const session = await host.session();
  host.dispatch(session, { task });
  await session.finished(task);
  await until(() => host.submitted(task).length > 0 || undefined, 'its submission');
  await host.daemon.abandon();
}

describe('a result that was signed before a crash', () => {
  it('and whose window was over before the restart is reported by the process that finds that out', async () => {
    await crashInFlight('a');
    const [old = ''] = host.submitted('a');
    host.ledger.lost.add(old);
    host.ledger.behaviour = 'answers';
    await host.restart();
    await until(() => host.results('a').length > 0 || undefined, 'its report');
    await until(() => host.daemon.poster.pending === 0 || undefined, 'that nothing waits');
    expect(host.submitted('a')).toEqual([old, expect.not.stringContaining(old)]);
    await host.daemon.stop('test');
    await host.restart();
    await until(
      () => host.records().filter(({ type }) => type === 'online').length >= 3 || undefined,
      'the third start',
    );
    expect(host.results('a')).toHaveLength(1);
  });

  it('and of which nobody can tell for long is submitted with the same bytes alone', async () => {
    await crashInFlight('a');
    await host.restart();
    const session = await host.session();
    host.dispatch(session, { task: 'b' });
    await session.finished('b');
    await until(() => host.submitted('b').length > 0 || undefined, 'the second result');
    host.ledger.behaviour = 'answers';
    await until(() => host.daemon.poster.pending === 0 || undefined, 'the reports');
    for (const task of ['a', 'b']) {
      expect(host.results(task), task).toHaveLength(1);
      expect(host.submitted(task), task).toHaveLength(1);
    }
  });

  it('and which was refused meanwhile is reported once the refusal has passed, also after another crash', async () => {
    await crashInFlight('a');
    host.ledger.behaviour = 'refuses';
    await host.restart();
    await until(() => host.daemon.poster.failures > 0 || undefined, 'the refusal');
    await until(() => host.submitted('a').length > 1 || undefined, 'the next try');
    await host.daemon.abandon();
    await host.restart();
    await until(() => host.daemon.poster.failures > 0 || undefined, 'another refusal');
    expect(host.results('a')).toEqual([]);
    host.ledger.behaviour = 'answers';
    await until(() => host.results('a').length > 0 || undefined, 'its report');
    await until(() => host.daemon.poster.pending === 0 || undefined, 'that nothing waits');
    expect(host.results('a')).toHaveLength(1);
  });
});

it('a refused report is tried again, and the log says why', async () => {
  host = await Hosted.start();
  await until(() => host.daemon.poster.pending === 0 || undefined, 'the first records');
  host.ledger.behaviour = 'refuses';
  const session = await host.session();
  host.dispatch(session, { task: 'a' });
  await session.finished('a');
  const said = () => host.log.filter(({ msg }) => msg === 'a journal message was refused');
  await until(() => said().length > 0 || undefined, 'what it says');
  expect(said()[0]).toMatchObject({ reason: 'INSUFFICIENT_PAYER_BALANCE', retryInMs: 500 });
  host.ledger.behaviour = 'answers';
  await until(() => host.results('a').length > 0 || undefined, 'its report');
  expect(host.results('a')).toHaveLength(1);
});

it('a lease whose outcome nobody can tell is asked for again, not created twice', async () => {
  host = await Hosted.start();
  await until(() => host.daemon.lease.renewals === 1 || undefined, 'the first lease');
  await host.daemon.abandon();
  host.ledger.schedules.clear();
  host.ledger.behaviour = 'swallows';
  await host.restart();
  await until(() => host.ledger.schedules.size === 1 || undefined, 'the schedule');
  expect(host.daemon.lease.renewals).toBe(0);
  host.ledger.behaviour = 'answers';
  await until(() => host.daemon.lease.renewals === 1 || undefined, 'the lease');
  expect(host.ledger.schedules.size).toBe(1);
});
