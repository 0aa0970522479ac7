import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { send } from '@gatepost/shared/hedera/transaction';
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { AccountId, Hbar, TransferTransaction } from '@hashgraph/sdk';
import { protoPath } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reflectionClient } from '../../local-ledger/test/reflection-client.js';
import { shownCertificate } from './support/client.js';
import { AgentHome, runDaemon } from './support/daemon-process.js';
import { Hosted } from './support/hosted.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { until } from './support/until.js';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/agent-daemon.md'), 'utf8');

describe('beside the agent service', () => {
  let host: Hosted;
  // Below the ports that the system gives to connections.
  const METRICS = '127.0.0.1:19464';
  // A server may not be named by a number.
  const NAMED = { 'grpc.ssl_target_name_override': 'localhost' };

  beforeAll(async () => {
    host = await Hosted.start({ settings: { metrics: METRICS } });
  });
  afterAll(async () => host?.close());

  async function channel() {
    const { pem } = await shownCertificate(host.daemon.address);
    return credentials.createSsl(Buffer.from(pem), null, null, { checkServerIdentity: () => undefined });
  }

  it('health is served', async () => {
    const health = loadPackageDefinition(loadSync(protoPath, { enums: String })) as never as {
      grpc: { health: { v1: { Health: new (...args: unknown[]) => Client } } };
    };
    interface Client {
      check(request: object, callback: (error: { code: number } | null, response: { status: string }) => void): void;
      close(): void;
    }
    const client = new health.grpc.health.v1.Health(host.daemon.address, await channel(), NAMED);
    const check = (service: string) =>
      new Promise((resolve) => client.check({ service }, (error, response) => resolve(error?.code ?? response.status)));
    expect(await check('gatepost.agent.v1.AgentService')).toBe('SERVING');
    expect(await check('nobody')).toBe(status.NOT_FOUND);
    client.close();
  });

  it.each(['v1', 'v1alpha'])('reflection %s names both services and describes health', async (version) => {
    const client = reflectionClient(version, host.daemon.address, await channel(), NAMED);
    expect(await client.services()).toEqual(['gatepost.agent.v1.AgentService', 'grpc.health.v1.Health']);
    const { methods } = await client.service('grpc.health.v1.Health');
    expect(methods.map(({ name }) => name)).toContain('Check');
    client.close();
  });

  it('metrics are served on loopback, and documented with their units', async () => {
    const session = await host.session();
    host.dispatch(session, { task: 'a' });
    await session.finished('a');
    const text = await (await fetch(`http://${METRICS}/metrics`)).text();
    expect(text).toContain('gatepost_agent_finished_attempts_total{outcome="ok"} 1');
    expect(text).toContain('gatepost_agent_session_connected 1');
    const served = [...text.matchAll(/^# TYPE (gatepost_\w+)/gm)].map(([, name]) => name).sort();
    const documented = [...DOCUMENT.matchAll(/^\| `(gatepost_\w+)`/gm)].map(([, name]) => name).sort();
    expect(documented).toEqual(served);
    expect((await fetch(`http://${METRICS}/`)).status).toBe(404);
  });
});

it('the reference documents every setting', async () => {
  const { configSchema } = await import('../src/config/schema.js');
  const { executorSchema } = await import('../src/config/executors-schema.js');
  const documented = new Set([...DOCUMENT.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name]) => name));
  const parsed = configSchema.parse({
    account: '0.0.1',
    coordinator: { account: '0.0.1' },
    journal: '0.0.1',
    token: '0.0.1',
    inbox: '0.0.1',
    tls: { cert: 'c', key: 'k' },
  });
  const names = Object.keys(configSchema.shape).filter(
    (name) => !['limits', 'lease', 'tls', 'coordinator'].includes(name),
  );
  const nested = [
    ...Object.keys(parsed.limits).map((name) => `limits.${name}`),
    ...Object.keys(parsed.lease).map((name) => `lease.${name}`),
    ...Object.keys(executorSchema.shape).map((name) => `executors.${name}`),
  ];
  expect([...names, ...nested].filter((name) => !documented.has(name))).toEqual([]);
});

describe('doctor', () => {
  let network: TestNetwork;
  let home: AgentHome;
  beforeAll(async () => {
    network = await startNetwork();
    home = new AgentHome(network, await network.member());
  });
  afterAll(async () => {
    home?.remove();
    await network?.close();
  });

  it('finds a new agent fit, and says what its lease costs', async () => {
    await home.init({ echo: { command: ['cat'] } });
    const { code, stdout } = await runDaemon(['doctor', '--config', home.config], home.env);
    expect(stdout).toMatch(/^ok {7}lease-cost: busy \$0\.26 per day renewed every 1h, idle \$0\.04 per day/m);
    expect(stdout).toMatch(/^ok {7}inbox: 0\.0\.\d+ takes messages of 0\.0\.\d+ only$/m);
    // A host without bubblewrap is warned that its commands are not confined to their files.
    const confined = probeConfinement().mechanism === 'bubblewrap';
    expect(stdout).toMatch(
      confined ? /^ok {7}executor echo: command cat, confined: own files/m : /^warning {2}executor.unconfined echo/m,
    );
    const troubles = stdout
      .split('\n')
      .filter((line) => /^(error|warning)/.test(line) && !/executor.unconfined echo|user.root/.test(line));
    expect(troubles).toEqual([]);
    expect(code).toBe(0);
  });

  it('names what has to be mended, and nothing secret', async () => {
    const other = new AgentHome(network, await network.member());
    await other.init({ a: { command: ['/no/such/program'] }, b: { module: 'none.mjs' } });
    const stranger = await network.member();
    const env = { ...other.env, AGENT_PRIVATE_KEY: stranger.privateKey };
    const { code, stdout, stderr } = await runDaemon(['doctor', '--config', other.config, '--json'], env);
    const { findings, errors } = JSON.parse(stdout) as { findings: { level: string; id: string }[]; errors: number };
    const failed = findings.filter(({ level }) => level === 'error').map(({ id }) => id);
    expect(failed).toEqual(['executor.broken', 'executor.broken', 'account-key.other']);
    expect(errors).toBe(3);
    expect(stderr).toContain('not ready: executor.broken a, executor.broken b, account-key.other');
    expect(code).toBe(1);
    expect(stdout + stderr).not.toContain(stranger.privateKey);
    other.remove();
  });

  it('an agent without an account gets a key, and the account that hbar sent to its address makes', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'gatepost-new-key-'));
    const file = join(cwd, '.env');
    const { coordinator, journal, token, env } = network;
    const made = await runDaemon(['init', '--new-key', '--json'], env, cwd);
    const { evmAddress } = JSON.parse(made.stdout) as { evmAddress: string };
    const [, key = ''] = /^AGENT_PRIVATE_KEY=(\w+)$/m.exec(readFileSync(file, 'utf8')) ?? [];
    expect(evmAddress).toMatch(/^0x[0-9a-f]{40}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(made.stdout + made.stderr).not.toContain(key);
    const again = await runDaemon(['init', '--new-key'], env, cwd);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('AGENT_PRIVATE_KEY is set already')]);

    const owner = ['--coordinator', coordinator.connection.account, '--journal', journal, '--token', token];
    const init = () => runDaemon(['init', '--config', 'agent.yaml', ...owner], env, cwd);
    const early = await init();
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining(`send some hbar to ${evmAddress}`)]);
    const from = coordinator.connection.account;
    const transfer = new TransferTransaction()
      .addHbarTransfer(from, new Hbar(-50))
      .addHbarTransfer(AccountId.fromEvmAddress(0, 0, evmAddress), new Hbar(50));
    await send(coordinator.connection, transfer);
    const done = await init();
    expect(done.code, done.stderr).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^AGENT_ACCOUNT_ID=0\.0\.\d+$/m);
    const doctor = await runDaemon(['doctor', '--config', 'agent.yaml'], env, cwd);
    expect(doctor.stdout).toMatch(/^ok {7}account-key: AGENT_PRIVATE_KEY signs for 0\.0\.\d+$/m);
    expect(doctor.code, doctor.stdout).toBe(0);
    rmSync(cwd, { recursive: true });
  });

  it('a second SIGTERM stops at once', async () => {
    const slow = new AgentHome(network, await network.member());
    await slow.init({ slow: { command: ['sleep', '1000'] } });
    const daemon = await slow.serve();
    const { work } = await import('./support/records.js');
    await network.write(daemon.ready.inbox, 'run', [
      work({ token: network.token, task: 'slow', type: 'slow', inline: true }).record,
    ]);
    await network.awaitRecord(({ record }) => record.type === 'started');
    daemon.child.kill('SIGTERM');
    await until(() => daemon.stderr.includes('a second signal stops at once') || undefined, 'the first signal');
    expect(await daemon.kill('SIGTERM')).toBe(130);
    slow.remove();
  });
});
