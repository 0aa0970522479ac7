import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { networkOf } from '@gatepost/shared/server/front-door';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COORDINATOR } from '../src/bench/memory-ledger.js';
import { allowedMs, Flood } from './support/flood.js';
import { Hosted } from './support/hosted.js';
import { until } from './support/until.js';

const ADDRESSES = 50;

describe(`${ADDRESSES} addresses that send what they can`, () => {
  let host: Hosted;
  beforeAll(async () => {
    host = await Hosted.start();
  });
  afterAll(async () => host?.close());

  it.each(['pings', 'settings', 'sessions', 'unknown methods', 'half handshakes'])(
    'cannot keep the coordinator out: %s',
    async (kind) => {
      const enter = async () => {
        const begunMs = performance.now();
        await (await host.client()).enter(COORDINATOR, host.ledger.coordinator);
        return performance.now() - begunMs;
      };
      const alone = await enter();
      const flood = new Flood('strangers.mjs', [host.daemon.address, kind, `${ADDRESSES}`]);
      try {
        await until(() => flood.counts.connected >= ADDRESSES || undefined, 'all strangers');
        const took: number[] = [];
        for (let round = 0; round < 3; round += 1) {
          took.push(await enter());
        }
        expect(Math.min(...took), `milliseconds: ${alone} alone, ${took.map(Math.round)}`).toBeLessThan(
          allowedMs(alone),
        );
      } finally {
        await flood.end();
      }
    },
    60_000,
  );

  it('have their connections closed when these bring more than a stranger needs to send', async () => {
    const [hostname = '', port = ''] = host.daemon.address.split(':');
    const options = { host: hostname, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
    const socket = tlsConnect(options);
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    const settings = Buffer.from('000000040000000000', 'hex');
    const pings = Buffer.from('0000080600000000000000000000000000'.repeat(200), 'hex');
    socket.resume().write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]));
    // Few at a time: of many at once HTTP/2 itself complains.
    const pinging = setInterval(() => socket.write(pings), 5);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(pinging);
  });
});

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1:2:3:4', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
