import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LOCK_DIRECTORY } from '@gatepost/shared/directory-lock';
import { afterEach, describe, expect, it } from 'vitest';
import { leaseMemo, readLeaseMemo } from '../src/core/lease-memo.js';
import { AgentHome, DaemonProcess, runDaemon } from './support/daemon-process.js';
import { Hosted } from './support/hosted.js';
import { startNetwork } from './support/network.js';
import { until } from './support/until.js';

const hosts: Hosted[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close();
});

async function first(insecure: boolean): Promise<Hosted> {
  const host = await Hosted.start({ insecure, stopBounds: { haltMs: 500, farewellMs: 500, closeMs: 500 } });
  hosts.push(host);
  await until(() => host.daemon.lease.renewals > 0 || undefined, 'its lease');
  return host;
}

describe('a second daemon with the same account', () => {
  it.each([false, true])('does not start while the first one answers (without TLS: %s)', async (insecure) => {
    const { ledger, daemon } = await first(insecure);
    await expect(Hosted.start({ ledger, insecure })).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      message: `account 0.0.20 is served at ${daemon.address} already`,
    });
    expect(ledger.schedules.size).toBe(1);
    expect(ledger.posted).toBe(1);
  });

  it('starts when the first one has died, and takes its lease away', async () => {
    const { ledger, daemon } = await first(false);
    await daemon.abandon();
    expect(ledger.schedules.size).toBe(1);
    const second = await Hosted.start({ ledger });
    hosts.push(second);
    await until(() => second.daemon.lease.renewals > 0 || undefined, 'its lease');
    await until(() => ledger.schedules.size === 1 || undefined, 'the end of the earlier lease');
    expect([...ledger.schedules.values()].map(({ memo }) => memo)).toEqual([
      leaseMemo(second.daemon.session, 1, second.daemon.address),
    ]);
  });
});

it('a copy of the whole directory, data included, does not start either; the original goes on', async () => {
  const network = await startNetwork();
  const home = new AgentHome(network, await network.member());
  await home.init({ echo: { command: ['cat'] } });
  const daemon = await home.serve();
  const { mirror, account } = home.member.connection;
  await until(async () => ((await mirror.schedulesBy(account)).length > 0 ? true : undefined), 'its lease');
  const copy = new AgentHome(network, home.member);
  cpSync(home.directory, copy.directory, { recursive: true });
  // On another host the lock of the directory says nothing.
  rmSync(join(copy.directory, 'data', LOCK_DIRECTORY), { recursive: true });
  const ended = await runDaemon(['serve', '--config', join(copy.directory, 'agent.yaml')], copy.env);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(`account ${account} is served at ${daemon.ready.address} already`);
  expect(await daemon.kill('SIGTERM')).toBe(0);
  const again = await DaemonProcess.start(
    ['serve', '--config', join(copy.directory, 'agent.yaml'), '--json'],
    copy.env,
  );
  expect(await again.kill('SIGTERM')).toBe(0);
  await network.close();
  home.remove();
  copy.remove();
}, 120_000);

it('the memo of a lease says whose it is and where, and fits whatever the address', () => {
  expect(readLeaseMemo(leaseMemo('abc', 7, 'host:1'))).toEqual({ session: 'abc', address: 'host:1' });
  const long = leaseMemo('abc', 7, `${'h'.repeat(90)}:1`);
  expect(readLeaseMemo(long)).toEqual({ session: 'abc', address: undefined });
  expect(readLeaseMemo('gatepost lease abc 7')).toEqual({ session: 'abc', address: undefined });
  expect(readLeaseMemo('something else')).toBe(undefined);
});
