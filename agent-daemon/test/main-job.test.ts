import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlackBoxClient, type BlackBoxSession, dispatchOf } from './support/client.js';
import { AgentHome, type DaemonProcess } from './support/daemon-process.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

const ECHO = `
  const chunks = [];
  process.stdin.on('data', (c) => chunks.push(c)).on('end', () => {
    process.stderr.write('::progress 0.5 half way\\nreading done\\n');
    const order = JSON.parse(Buffer.concat(chunks).toString());
    process.stdout.write(JSON.stringify({ got: order.input, run: process.env.GATEPOST_RUN, env: Object.keys(process.env).sort() }));
  });`;

let network: TestNetwork;
let home: AgentHome;
let daemon: DaemonProcess;
let client: BlackBoxClient;
let session: BlackBoxSession;

beforeAll(async () => {
  network = await startNetwork();
  home = new AgentHome(network, await network.member());
});

afterAll(async () => {
  session?.stream.cancel();
  client?.close();
  await daemon?.kill('SIGKILL');
  home?.remove();
  await network?.close();
});

it('init prepares the agent, says what it did and what it cost, and does nothing the second time', async () => {
  const executors = { echo: { command: ['node', '-e', ECHO] }, fail: { command: ['node', '-e', 'process.exit(3)'] } };
  const first = await home.init(executors, '--json');
  expect(first.stderr).toBe('');
  const report = JSON.parse(first.stdout) as { inbox: string; costTinybar: string; done: string[] };
  expect(report.done).toHaveLength(4);
  // A topic with two keys $0.03 and an association $0.05, at 12 cents per hbar.
  expect(Number(report.costTinybar) / 1e8).toBeCloseTo(0.08 / 0.12, 2);
  expect(statSync(home.config).mode & 0o777).toBe(0o600);
  expect(statSync(join(home.directory, 'tls/key.pem')).mode & 0o777).toBe(0o600);
  const written = readFileSync(home.config, 'utf8');
  const second = await home.init(executors, '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ inbox: report.inbox, done: [], costTinybar: '0' });
  expect(readFileSync(home.config, 'utf8')).toBe(written);
});

it('serve says that it is ready and publishes itself on the journal', async () => {
  daemon = await home.serve();
  const { address, account, session: id } = daemon.ready;
  expect(account).toBe(home.member.connection.account);
  const { record, payer } = await network.awaitRecord(({ record }) => record.type === 'online');
  expect(payer).toBe(account);
  client = await BlackBoxClient.open(address);
  expect(record).toMatchObject({ session: id, address, cert_sha256: client.certificateSha256, slots: 2 });
  expect(record).toMatchObject({ capabilities: ['echo', 'fail'], enforces: expect.arrayContaining(['process_group']) });
});

it('executes what the inbox assigns and a session dispatches', async () => {
  const { connection } = network.coordinator;
  session = client.session(await client.enter(connection.account, connection.key));
  session.hello();
  const { inbox } = daemon.ready;
  const { bytes, record } = work({ token: network.token, task: 'first', input: { n: 1 } });
  const sequenceNumber = await network.write(inbox, 'run-1', [record]);
  session.send(dispatchOf('run-1', record, inbox, sequenceNumber, bytes));
  const finished = await session.finished('first');
  expect(finished).toMatchObject({ outcome: 'OUTCOME_OK', reason: '' });
  const output = JSON.parse((finished.output as Buffer).toString()) as { got: unknown; env: string[] };
  expect(output).toMatchObject({ got: { n: 1 }, run: 'run-1' });
  expect(output.env).not.toContain('AGENT_PRIVATE_KEY');
  expect(session.events('first').map(({ kind }) => kind)).toEqual([
    'accepted',
    'started',
    'progress',
    'log',
    'finished',
  ]);
  expect(session.events('first').map(({ event }) => event)).toEqual([1, 2, 3, 4, 5]);
  const { record: result } = await network.awaitRecord((e) => e.record.type === 'result' && e.run === 'run-1');
  expect(result).toMatchObject({ task: 'first', outcome: 'ok', output_size: Number(finished.output_size) });
});

it('executes an inline input without any dispatch, and reports a failure', async () => {
  const { inbox } = daemon.ready;
  await network.write(inbox, 'run-2', [
    work({ token: network.token, task: 'inline', input: 'x', inline: true }).record,
    work({ token: network.token, task: 'broken', type: 'fail', inline: true }).record,
    work({ token: network.token, task: 'foreign', type: 'unknown-type', inline: true }).record,
  ]);
  const results = await until(async () => {
    const found = (await network.journalRecords()).filter((e) => e.run === 'run-2' && e.record.type === 'result');
    return found.length === 3 ? found.map(({ record }) => record) : undefined;
  }, 'three results');
  const of = (task: string) => results.find((record) => 'task' in record && record.task === task);
  expect(of('inline')).toMatchObject({ outcome: 'ok' });
  expect(of('broken')).toMatchObject({ outcome: 'failed', reason: 'exit code 3' });
  expect(of('foreign')).toMatchObject({ outcome: 'failed', reason: 'this agent has no executor for "unknown-type"' });
});

it('keeps a lease, deletes it at the end, and says goodbye', async () => {
  const schedules = async () => {
    const base = network.env.GATEPOST_MIRROR_REST;
    const response = await fetch(`${base}/api/v1/schedules?account.id=${daemon.ready.account}`);
    return ((await response.json()) as { schedules: { deleted: boolean; executed_timestamp: string | null }[] })
      .schedules;
  };
  const live = (await schedules()).filter(({ deleted, executed_timestamp }) => !deleted && executed_timestamp === null);
  expect(live).toHaveLength(1);
  expect(await daemon.kill('SIGTERM')).toBe(0);
  await network.awaitRecord(({ record }) => record.type === 'offline');
  const left = await until(async () => {
    const open = (await schedules()).filter(({ deleted }) => !deleted);
    return open.length === 0 ? true : undefined;
  }, 'the deletion of the lease');
  expect(left).toBe(true);
  expect(daemon.stdout.trim().split('\n')).toHaveLength(1);
  expect(daemon.stderr).not.toContain(home.member.privateKey);
});
