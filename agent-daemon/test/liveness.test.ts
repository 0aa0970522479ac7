import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shownCertificate } from './support/client.js';
import { AgentHome, type DaemonProcess, runDaemon } from './support/daemon-process.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { until } from './support/until.js';

interface Schedule {
  readonly schedule_id: string;
  readonly deleted: boolean;
  readonly executed_timestamp: string | null;
}

let network: TestNetwork;
let home: AgentHome;
let daemon: DaemonProcess;

beforeAll(async () => {
  network = await startNetwork();
  home = new AgentHome(network, await network.member());
  await home.init({ echo: { command: ['cat'] } });
  daemon = await home.serve();
});

afterAll(async () => {
  await daemon?.kill('SIGKILL');
  home?.remove();
  await network?.close();
});

async function schedules(): Promise<readonly Schedule[]> {
  const response = await fetch(
    `${network.env.GATEPOST_MIRROR_REST}/api/v1/schedules?account.id=${daemon.ready.account}`,
  );
  return ((await response.json()) as { schedules: Schedule[] }).schedules;
}

const pending = async () => (await schedules()).filter((each) => !each.deleted && each.executed_timestamp === null);

it('a restarted daemon replaces the lease of the one that was killed', async () => {
  const [before] = await until(async () => ((await pending()).length === 1 ? pending() : undefined), 'the first lease');
  await daemon.kill('SIGKILL');
  daemon = await home.serve();
  await until(async () => {
    const [only, ...others] = await pending();
    return only !== undefined && others.length === 0 && only.schedule_id !== before?.schedule_id ? true : undefined;
  }, 'the new lease alone');
});

it('a new certificate is published by the next start', async () => {
  const { sha256: before } = await shownCertificate(daemon.ready.address);
  await daemon.kill('SIGTERM');
  const { stdout } = await runDaemon(['init', '--config', home.config, '--new-certificate'], home.env);
  expect(stdout).toMatch(/^made certificate/);
  daemon = await home.serve();
  const { sha256 } = await shownCertificate(daemon.ready.address);
  expect(sha256).not.toBe(before);
  await network.awaitRecord(({ record }) => record.type === 'online' && record.cert_sha256 === sha256);
});

it('a new certificate is taken up and published at SIGHUP, by the same session', async () => {
  const { session, address } = daemon.ready;
  const { sha256: before } = await shownCertificate(address);
  await runDaemon(['init', '--config', home.config, '--new-certificate'], home.env);
  expect((await shownCertificate(address)).sha256).toBe(before);
  daemon.child.kill('SIGHUP');
  const { record } = await network.awaitRecord(
    (entry) =>
      entry.record.type === 'online' && entry.record.session === session && entry.record.cert_sha256 !== before,
  );
  const { sha256 } = await shownCertificate(address);
  expect(record).toMatchObject({ cert_sha256: sha256, address });
  writeFileSync(join(home.directory, 'tls/cert.pem'), 'no certificate');
  daemon.child.kill('SIGHUP');
  await until(() => daemon.stderr.includes('the certificate stays as it was') || undefined, 'the refusal');
  expect((await shownCertificate(address)).sha256).toBe(sha256);
  await runDaemon(['init', '--config', home.config, '--new-certificate'], home.env);
});

it('when the host dies, the ledger posts its death unaided', async () => {
  const { session, account } = daemon.ready;
  await until(async () => (await pending()).length === 1 || undefined, 'the lease');
  await daemon.kill('SIGKILL');
  await network.ledger.clock.advance(22_000n * 1_000_000_000n);
  const { record, payer } = await network.awaitRecord((entry) => entry.record.type === 'lapsed');
  expect(record).toMatchObject({ session, lease: 1 });
  expect(payer).toBe(account);
});
