import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect as netConnect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COORDINATOR } from '../src/bench/memory-ledger.js';
import { BlackBoxClient } from './support/client.js';
import { AgentHome, type DaemonProcess } from './support/daemon-process.js';
import { allowedMs, Flood } from './support/flood.js';
import { Hosted } from './support/hosted.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { until } from './support/until.js';

const SESSION = '/gatepost.agent.v1.AgentService/Session';
const CALLS_PER_SECOND = 5_000;
const ADDRESSES = 50;

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
    const enter = async () => {
      const begunMs = performance.now();
      const client = await BlackBoxClient.open(address);
      await client.enter(account, key);
      client.close();
      return performance.now() - begunMs;
    };
    const alone = await enter();
    const flood = new Flood('flood.mjs', [address, account, `${CALLS_PER_SECOND}`, `${ADDRESSES}`]);
    try {
      await until(() => flood.counts.connected >= ADDRESSES || undefined, 'all strangers');
      const took: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const { answered } = flood.counts;
        await until(() => flood.counts.answered > answered || undefined, 'the flood goes on');
        took.push(await enter());
      }
      const told = `milliseconds: ${alone} alone, ${took.map(Math.round)}, ${JSON.stringify(flood.counts)}`;
      expect(Math.min(...took), told).toBeLessThan(allowedMs(alone));
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

  const dial = async (localAddress = '127.0.0.1'): Promise<Socket> => {
    const [hostname = '', port = ''] = host.daemon.address.split(':');
    const socket = netConnect({ host: hostname, port: Number(port), localAddress });
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
    const strangers = await Promise.all(Array.from({ length: 3 * CONNECTIONS }, () => dial()));
    const ends = strangers.map((socket) => once(socket.resume(), 'close'));
    const again = await host.client();
    await again.challenge(COORDINATOR);
    await Promise.all(ends);
    host.dispatch(session, { task: 'a' });
    expect(await session.finished('a')).toMatchObject({ outcome: 'OUTCOME_OK' });
    expect(session.error).toBeUndefined();
  });

  it('of one network do not drive away those of another', async () => {
    const alone = await dial('127.0.0.9');
    let isClosed = false;
    alone.resume().once('close', () => {
      isClosed = true;
    });
    const crowd = await Promise.all(Array.from({ length: 3 * CONNECTIONS }, () => dial('127.0.0.8')));
    await Promise.all(crowd.slice(0, 2 * CONNECTIONS).map((socket) => socket.closed || once(socket.resume(), 'close')));
    expect(isClosed).toBe(false);
    for (const socket of [alone, ...crowd]) socket.destroy();
  });

  it('that open session after session without a token are made to wait', async () => {
    const channel = http2Connect(`https://${host.daemon.address}`, { rejectUnauthorized: false });
    channel.on('error', () => undefined);
    let answered = 0;
    const ask = (): void => {
      if (channel.destroyed) return;
      const headers = { 'content-type': 'application/grpc', te: 'trailers' };
      const stream = channel.request({ ':method': 'POST', ':path': SESSION, ...headers });
      stream.on('error', () => undefined);
      stream.resume().once('close', () => {
        answered += 1;
        ask();
      });
      stream.end();
    };
    for (let stream = 0; stream < 4; stream += 1) ask();
    await until(() => answered >= 32 || undefined, 'the prompt answers');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBeLessThan(40);
    channel.destroy();
  });

  it('but not a session on another connection than that of its registration, for it has the token', async () => {
    const first = await host.client();
    const token = await first.enter(COORDINATOR, host.ledger.coordinator);
    first.close();
    const session = (await host.client()).session(token);
    session.hello();
    await until(() => session.of('welcome').length > 0 || undefined, 'the welcome');
    // As long as a stranger may be idle.
    const stranger = await dial();
    await once(stranger.resume(), 'close');
    host.dispatch(session, { task: 'kept' });
    expect(await session.finished('kept')).toMatchObject({ outcome: 'OUTCOME_OK' });
    expect(session.error).toBeUndefined();
  });
});
