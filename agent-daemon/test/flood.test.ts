import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect as netConnect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COORDINATOR } from '../src/bench/memory-ledger.js';
import { BlackBoxClient } from './support/client.js';
import { AgentHome, type DaemonProcess } from './support/daemon-process.js';
import { Hosted } from './support/hosted.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { until } from './support/until.js';

const CALLS_PER_SECOND = 5_000;
const ADDRESSES = 50;

interface Counts {
  readonly connected: number;
  readonly asked: number;
  readonly answered: number;
}

/** Strangers in a process of their own. */
class Flood {
  #counts: Counts = { connected: 0, asked: 0, answered: 0 };
  readonly #child: ChildProcess;

  constructor(address: string, account: string) {
    const script = join(import.meta.dirname, 'support/flood.mjs');
    const args = [script, address, account, String(CALLS_PER_SECOND), String(ADDRESSES)];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const line = chunk.toString('utf8').trim().split('\n').at(-1);
      if (line !== undefined) this.#counts = JSON.parse(line) as Counts;
    });
  }

  get counts(): Counts {
    return this.#counts;
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'exit');
  }
}

describe(`${CALLS_PER_SECOND} challenges and registrations a second from ${ADDRESSES} addresses`, () => {
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
    await daemon?.kill('SIGTERM');
    home?.remove();
    await network?.close();
  });

  it('keep the coordinator out for no more than 2 s', { timeout: 60_000 }, async () => {
    const { account, key } = network.coordinator.connection;
    const { address } = daemon.ready;
    const flood = new Flood(address, account);
    try {
      await until(() => flood.counts.connected >= ADDRESSES || undefined, 'all strangers');
      const took: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const { answered } = flood.counts;
        await until(() => flood.counts.answered > answered || undefined, 'the flood goes on');
        const begunMs = performance.now();
        const client = await BlackBoxClient.open(address);
        await client.enter(account, key);
        took.push(performance.now() - begunMs);
        client.close();
      }
      expect(Math.max(...took), `milliseconds: ${took.map(Math.round)}, ${JSON.stringify(flood.counts)}`).toBeLessThan(
        2_000,
      );
    } finally {
      await flood.end();
    }
  });
});

describe('connections of strangers', () => {
  let host: Hosted;
  const CONNECTIONS = 20;
  const IDLE_MS = 300;

  beforeAll(async () => {
    host = await Hosted.start({ settings: { limits: { connections: CONNECTIONS, idle: `${IDLE_MS}ms` } } });
  });
  afterAll(async () => host?.close());

  const dial = async (): Promise<Socket> => {
    const [hostname = '', port = ''] = host.daemon.address.split(':');
    const socket = netConnect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  it('that say nothing, or begin TLS or HTTP/2 and ask nothing, are closed', async () => {
    const silent = await dial();
    const begun = await dial();
    begun.write(Buffer.from('1603010200010001fc0303', 'hex'));
    const session = http2Connect(`https://${host.daemon.address}`, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    await once(session, 'connect');
    const ends = [silent, begun, session].map((each) => once(each, 'close'));
    silent.resume();
    begun.resume();
    await Promise.all(ends);
  });

  it('are bounded; a new one takes the place of the oldest, the coordinator keeps its own', async () => {
    const session = await host.session();
    await until(() => session.of('welcome').length > 0 || undefined, 'the welcome');
    const strangers = await Promise.all(Array.from({ length: 3 * CONNECTIONS }, dial));
    const ends = strangers.map((socket) => once(socket.resume(), 'close'));
    const again = await host.client();
    await again.challenge(COORDINATOR);
    await Promise.all(ends);
    host.dispatch(session, { task: 'a' });
    expect(await session.finished('a')).toMatchObject({ outcome: 'OUTCOME_OK' });
    expect(session.error).toBeUndefined();
  });
});
