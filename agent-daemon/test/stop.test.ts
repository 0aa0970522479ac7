import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { doneWithin, STOP_BOUNDS } from '../src/shell/stop-bounds.js';
import { AgentHome } from './support/daemon-process.js';
import { type Behave, echo, Hosted } from './support/hosted.js';
import { startNetwork } from './support/network.js';
import { until } from './support/until.js';

const SHORT = { haltMs: 300, farewellMs: 300, closeMs: 300 };
const settings = { drain: '0s', limits: { grace: '0s' } };

let host: Hosted;
afterEach(async () => host?.close());

describe('a stop ends within its bounds and says what it left undone', () => {
  it('nothing, when disk and ledger answer', async () => {
    host = await Hosted.start({ settings, stopBounds: SHORT });
    await until(() => host.daemon.lease.renewals > 0 || undefined, 'the lease');
    expect(await host.daemon.stop('test')).toEqual([]);
    expect(host.ledger.schedules.size).toBe(0);
  });

  it('when the disk takes no result', async () => {
    const large: Behave = async ({ ref }) => ({ ok: true, output: Buffer.alloc(100_000, ref.task) });
    host = await Hosted.start({ executors: { large }, settings, stopBounds: SHORT });
    const session = await host.session();
    const blobs = join(host.directory, 'data/blobs');
    writeFileSync(blobs, 'a file where the directory should be');
    host.dispatch(session, { task: 'a', type: 'large' });
    await until(() => !host.daemon.writable || undefined, 'the refused write');
    expect(await host.daemon.stop('test')).toEqual([
      '1 attempt could not be ended or stored; it runs again at the next start',
    ]);
    rmSync(blobs);
    await host.restart();
    await until(() => host.results('a').length > 0 || undefined, 'its result after the next start');
  });

  it('when the ledger is out of reach', async () => {
    host = await Hosted.start({ settings, stopBounds: SHORT });
    await until(() => host.daemon.lease.renewals > 0 || undefined, 'the lease');
    host.ledger.behaviour = 'unreachable';
    const session = await host.session();
    host.dispatch(session, { task: 'a' });
    await session.finished('a');
    const undone = await host.daemon.stop('test');
    expect(undone).toHaveLength(2);
    expect(undone[0]).toMatch(/^\d records did not reach the journal; results among them are reported at the next/);
    expect(undone[1]).toMatch(/^the lease was not deleted; the ledger says at 20..-.*Z that this agent is gone$/);
    host.ledger.behaviour = 'answers';
    await host.restart();
    await until(() => host.results('a').length > 0 || undefined, 'its report after the next start');
    expect(host.results('a')).toHaveLength(1);
  });

  it('when the ledger takes what it is given and never answers', async () => {
    host = await Hosted.start({ settings, stopBounds: SHORT });
    await until(() => host.daemon.poster.pending === 0 || undefined, 'the first records');
    host.ledger.execute = () => new Promise(() => undefined);

    expect((await host.daemon.stop('test')).join()).toContain('did not reach the journal');
  });

  it('when an executor does not heed the signal', async () => {
    const deaf: Behave = () => new Promise(() => undefined);
    host = await Hosted.start({ executors: { echo, deaf }, settings, stopBounds: SHORT });
    const session = await host.session();
    host.dispatch(session, { task: 'a', type: 'deaf' });
    await until(() => session.events('a').length === 2 || undefined, 'its start');
    expect((await host.daemon.stop('test')).join()).toContain('1 attempt could not be ended');
  });
});

it('SIGTERM with the ledger gone: the process ends within its bound, with exit code 1 and what it left undone', async () => {
  const network = await startNetwork();
  const home = new AgentHome(network, await network.member());
  await home.init({ echo: { command: ['cat'] } });
  const daemon = await home.serve();
  await network.close();
  const sentMs = Date.now();
  const code = await daemon.kill('SIGTERM');
  const took = Date.now() - sentMs;
  expect(daemon.stderr).toMatch(/stopped, but .* did not reach the journal/);
  expect(daemon.stderr).toContain('Start it again on the same data directory');
  expect(code).toBe(1);
  expect(took).toBeLessThan(STOP_BOUNDS.farewellMs + STOP_BOUNDS.closeMs + 5_000);
  home.remove();
}, 60_000);

it('work that fails in time is no work that was late', async () => {
  await expect(doneWithin(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
  expect(await doneWithin(new Promise(() => undefined), 1)).toBe(false);
});
