import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkClock } from '@gatepost/shared/hedera/clock-check';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { formatNanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { expect, it, onTestFinished } from 'vitest';

const NOW_MS = 1_800_000_000_000;

/** The mirror of a network whose newest transaction and whose host's clock are so late, and what it was asked. */
async function mirrorOf({ newestMs, hostMs }: { readonly newestMs: number; readonly hostMs: number }) {
  const asked: string[] = [];
  const newest = {
    transaction_id: '0.0.2-1-1',
    transaction_hash: '',
    consensus_timestamp: formatNanos(nanosFromMs(newestMs)),
    name: 'CRYPTOTRANSFER',
    result: 'SUCCESS',
    nonce: 0,
    scheduled: false,
    entity_id: null,
    parent_consensus_timestamp: null,
    charged_tx_fee: 0,
  };
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`);
    response.setHeader('date', new Date(hostMs).toUTCString()).end(JSON.stringify({ transactions: [newest] }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const mirror = new MirrorRest({ mirrorRest: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  return { asked, connection: { mirror, nowMs: () => NOW_MS } };
}

it("takes a clock that agrees with that of the mirror's host, also on an idle network, with one request", async () => {
  const { asked, connection } = await mirrorOf({ newestMs: NOW_MS - 3_600_000, hostMs: NOW_MS });
  await checkClock(connection);
  expect(asked).toEqual(['GET /api/v1/transactions?limit=1&order=desc']);
});

it.each([
  ['ahead of', { newestMs: NOW_MS - 10_000, hostMs: NOW_MS - 10_000 }],
  ['behind', { newestMs: NOW_MS + 10_000, hostMs: NOW_MS }],
])('says that a clock is %s the ledger', async (way, of) => {
  const { connection } = await mirrorOf(of);
  await expect(checkClock(connection)).rejects.toMatchObject({
    code: 'CLOCK_SKEW',
    message: expect.stringContaining(` ${way} the ledger's`),
  });
});

it('takes no slow answer for a clock that is ahead', async () => {
  const { connection } = await mirrorOf({ newestMs: NOW_MS - 3_600_000, hostMs: NOW_MS + 200 });
  const times = [NOW_MS, NOW_MS + 30_000];
  await checkClock({ ...connection, nowMs: () => times.shift() ?? Number.NaN });
});
