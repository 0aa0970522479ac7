import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { NODE, rest, startTestMirror } from './mirror-client.js';

describe('REST network', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;

  beforeAll(async () => {
    source.account(2, { balance: 4_000_000_000_000_000_000n });
    mirror = await startTestMirror(source, {
      nodes: [NODE, { ...NODE, nodeId: 1, account: 4 }],
      estimateFee: (bytes, { mode, highVolumeThrottle }) => {
        if (bytes[0] === 255) throw new Error('Unable to parse transaction');
        return { mode, highVolumeThrottle, total: 1n };
      },
    });
  });
  afterAll(() => mirror.close());

  it('lists the nodes', async () => {
    const { body } = await rest(mirror, '/network/nodes');
    expect(body.links.next).toBeNull();
    expect(body.nodes[0]).toMatchObject({
      node_id: 0,
      node_account_id: '0.0.3',
      file_id: '0.0.102',
      service_endpoints: [{ domain_name: '', ip_address_v4: '127.0.0.1', port: 50211 }],
      stake: 0,
      timestamp: { from: '1700000000.000000000', to: null },
    });
    const page = (await rest(mirror, '/network/nodes?limit=1&order=desc')).body;
    expect(page.nodes[0].node_id).toBe(1);
    expect(page.links.next).toBe('/api/v1/network/nodes?limit=1&order=desc&node.id=lt:1');
    expect((await rest(mirror, '/network/nodes?file.id=0.0.99999')).body.nodes).toEqual([]);
    expect((await rest(mirror, '/network/nodes?node.id=x')).body._status.messages[0].message).toBe(
      'Invalid parameter: node.id',
    );
  });

  it('tells rates, supply and gas prices', async () => {
    expect((await rest(mirror, '/network/exchangerate')).body).toEqual({
      current_rate: { cent_equivalent: 12, expiration_time: 4102444800, hbar_equivalent: 1 },
      next_rate: { cent_equivalent: 15, expiration_time: 4102444800, hbar_equivalent: 1 },
      timestamp: '1700000000.000000000',
    });
    expect((await rest(mirror, '/network/supply')).body).toEqual({
      released_supply: '1000000000000000000',
      timestamp: '1700000000.000000000',
      total_supply: '5000000000000000000',
    });
    expect((await rest(mirror, '/network/supply?q=totalcoins')).text).toBe('50000000000.00000000');
    expect((await rest(mirror, '/network/supply?q=circulating')).text).toBe('10000000000.00000000');
    const { fees } = (await rest(mirror, '/network/fees')).body;
    expect(fees.map((one: { transaction_type: string }) => one.transaction_type)).toEqual([
      'ContractCall',
      'ContractCreate',
      'EthereumTransaction',
    ]);
    expect(fees[0].gas).toEqual(expect.any(Number));
  });

  it('tells that it is alive, and lets web pages of any origin read', async () => {
    const bare = await fetch(`http://127.0.0.1:${mirror.ports.rest}/health/readiness`);
    expect(await bare.json()).toEqual({ status: 'ok' });
    const preflight = await rest(mirror, '/network/nodes', { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect((await rest(mirror, '/network/nodes/', { method: 'HEAD' })).status).toBe(200);
  });

  it.each([
    ['/network/supply?q=x', "Failed to convert 'q'"],
    ['/network/supply?timestamp=gt:2&timestamp=lt:1', 'Invalid range provided for timestamp'],
    ['/network/exchangerate?timestamp=ne:1', "Failed to convert 'timestamp'"],
    ['/network/fees?timestamp=1&timestamp=2&timestamp=3', 'timestamp size must be between 0 and 2'],
  ])('%s is refused', async (path, detail) => {
    expect(await rest(mirror, path)).toMatchObject({
      status: 400,
      body: { _status: { messages: [{ message: 'Bad Request', detail }] } },
    });
  });

  const post = (query: string, body: Uint8Array, type: string) =>
    rest(mirror, `/network/fees${query}`, {
      method: 'POST',
      body: Buffer.from(body),
      headers: { 'content-type': type },
    });

  it('estimates fees through the callback', async () => {
    const answer = await post('?mode=STATE&high_volume_throttle=50', Uint8Array.of(1), 'application/protobuf');
    expect(answer.body).toEqual({ mode: 'STATE', highVolumeThrottle: 50, total: 1 });
  });

  it.each([
    ['', Uint8Array.of(255), 'application/protobuf', 400, 'Unable to parse transaction'],
    ['', new Uint8Array(), 'application/x-protobuf', 400, 'Failed to read request'],
    ['?mode=guess', Uint8Array.of(1), 'application/protobuf', 400, "Failed to convert 'mode'"],
    ['', Uint8Array.of(1), 'application/json', 415, "Content-Type 'application/json' is not supported"],
  ])('refuses a bad estimate %#', async (query, body, type, status, detail) => {
    expect(await post(query, body, type)).toMatchObject({ status, body: { _status: { messages: [{ detail }] } } });
  });
});
