import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment } from '@gatepost/shared/config/environment';
import { networkFromEnvironment, networkVariables } from '@gatepost/shared/config/network';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { RequestBudget, retryAfterMs } from '@gatepost/shared/hedera/request-budget';
import { expect, it, onTestFinished } from 'vitest';

it('lets so many through in a second, whoever asks', async () => {
  const budget = new RequestBudget(20);
  const began = performance.now();
  const times = await Promise.all(
    Array.from({ length: 25 }, () => budget.turn().then(() => performance.now() - began)),
  );
  expect(times.filter((ms) => ms < 900)).toHaveLength(20);
  expect(Math.max(...times)).toBeLessThan(2_000);
});

it('asks nothing of a busy mirror for as long as it says, whichever client asks, and then goes on', async () => {
  const times: number[] = [];
  const server = createServer((_, response) => {
    times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
    else response.end('{"transactions":[]}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const mirrorRest = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const first = new MirrorRest({ mirrorRest }).now();
  await expect.poll(() => times.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await Promise.all([first, new MirrorRest({ mirrorRest }).now()])).toEqual([0n, 0n]);
  const [refused = 0, ...later] = times;
  expect(later).toHaveLength(2);
  for (const time of later) expect(time - refused).toBeGreaterThan(950);
});

it.each([
  ['3', 3_000],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:00:05 GMT', 4_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['86400', 60_000],
  ['soon', 1_000],
  [undefined, 1_000],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, 1_000)).toBe(expected);
});

it('is that of the public mirrors, also for an embedded network that refuses as they do, when the environment says so', () => {
  const perSecond = (env: Environment) => networkFromEnvironment(env).mirrorPerSecond;
  expect(perSecond({})).toBeUndefined();
  expect(perSecond({ GATEPOST_NETWORK: 'testnet' })).toBe(25);
  const paced = networkFromEnvironment({ GATEPOST_NETWORK: 'local', GATEPOST_MIRROR_PER_SECOND: '40' });
  expect(paced.mirrorPerSecond).toBe(40);
  // Children and other hosts are paced alike.
  expect(networkVariables(paced)).toMatchObject({ GATEPOST_MIRROR_PER_SECOND: '40' });
  expect(networkVariables(networkFromEnvironment({}))).not.toHaveProperty('GATEPOST_MIRROR_PER_SECOND');
  expect(() => perSecond({ GATEPOST_MIRROR_PER_SECOND: '0' })).toThrow(/from 1 to 9999/);
});
