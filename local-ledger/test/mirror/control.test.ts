import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClockControl, ConsensusFault, ConsensusFaults } from '../../src/control/ports.js';
import { type Control, startControl } from '../../src/control/start.js';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { type Answer, rest, startTestMirror, TestSubscription, topicId, until } from './mirror-client.js';

const ZERO = { seconds: 0n, nanos: 0 };

/** The consensus side's half of the contract, as plain as it can be. */
class PlainFaults implements ConsensusFaults {
  #faults: ConsensusFault[] = [];

  add(fault: ConsensusFault): void {
    this.#faults.push(fault);
  }
  clear(): void {
    this.#faults = [];
  }
  pending(): readonly ConsensusFault[] {
    return this.#faults;
  }
}

class PlainClock implements ClockControl {
  #offset = 0n;

  now(): bigint {
    return 1_700_000_000_000_000_000n + this.#offset;
  }
  offset(): bigint {
    return this.#offset;
  }
  async setOffset(nanos: bigint): Promise<void> {
    if (nanos < this.#offset) throw new Error('network time cannot run backwards');
    this.#offset = nanos;
  }
  async advance(nanos: bigint): Promise<void> {
    this.#offset += nanos;
  }
}

describe('operator controls', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;
  let control: Control;

  async function operate(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`http://127.0.0.1:${control.port}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  beforeAll(async () => {
    source.account(2);
    source.topic(1002);
    const initialTransactionId = { payer: 2, validStart: 1n, scheduled: false, nonce: 0 };
    source.message(1002, 'one');
    for (const number of [1, 2, 3]) {
      source.message(1002, `chunk ${number}`, { chunk: { initialTransactionId, number, total: 3 } });
    }
    mirror = await startTestMirror(source);
    control = await startControl({
      port: 0,
      mirror,
      faults: new PlainFaults(),
      clock: new PlainClock(),
      createAccount: async ({ balance }) => ({ accountId: `0.0.${balance}`, privateKey: 'aa', publicKey: 'bb' }),
    });
  });
  afterAll(async () => {
    await control.close();
    await mirror.close();
  });
  beforeEach(() => operate('DELETE', '/faults'));

  it('moves the clock', async () => {
    expect((await operate('GET', '/clock')).body).toEqual({ now: '1700000000.000000000', offset_ms: 0 });
    expect((await operate('POST', '/clock/advance', { ms: 86_400_000 })).body).toEqual({
      now: '1700086400.000000000',
      offset_ms: 86_400_000,
    });
    expect((await operate('PUT', '/clock', { offset_ms: 86_400_001 })).body.offset_ms).toBe(86_400_001);
    expect(await operate('PUT', '/clock', { offset_ms: 0 })).toEqual({
      status: 409,
      body: { error: 'network time cannot run backwards' },
    });
  });

  it('makes accounts', async () => {
    const { body } = await operate('POST', '/accounts', { count: 2, balance_hbar: 1.5 });
    expect(body.accounts).toEqual(Array(2).fill({ account_id: '0.0.150000000', private_key: 'aa', public_key: 'bb' }));
  });

  it('hands consensus faults on', async () => {
    const { body } = await operate('POST', '/faults', { kind: 'busy', count: 3, method: 'submitMessage' });
    expect(body.consensus).toEqual([{ kind: 'busy', count: 3, method: 'submitMessage' }]);
    expect((await operate('DELETE', '/faults')).body).toEqual({ consensus: [], streams: [], rest: [] });
  });

  it('breaks the next stream between two chunks', async () => {
    await operate('POST', '/faults', { kind: 'stream-break', between_chunks: true, code: 'RESOURCE_EXHAUSTED' });
    const broken = new TestSubscription(mirror.ports.grpc, { topicID: topicId(1002), consensusStartTime: ZERO });
    expect((await broken.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(broken.sequences).toEqual([1, 2]);
    const whole = new TestSubscription(mirror.ports.grpc, {
      topicID: topicId(1002),
      consensusStartTime: ZERO,
      limit: 4n,
    });
    expect((await whole.ended).code).toBe(status.OK);
    broken.close();
    whole.close();
  });

  it('breaks streams after some messages, and ends running ones cleanly', async () => {
    await operate('POST', '/faults', { kind: 'stream-break', after_messages: 3 });
    const broken = new TestSubscription(mirror.ports.grpc, { topicID: topicId(1002), consensusStartTime: ZERO });
    expect((await broken.ended).code).toBe(status.UNAVAILABLE);
    expect(broken.sequences).toEqual([1, 2, 3]);
    const live = new TestSubscription(mirror.ports.grpc, { topicID: topicId(1002) });
    await until(() => expect(mirror.faults.running()).toBe(1));
    expect((await operate('POST', '/streams/end', {})).body).toEqual({ ended: 1 });
    expect((await live.ended).code).toBe(status.OK);
    broken.close();
    live.close();
  });

  it('makes REST fail a counted number of times', async () => {
    await operate('POST', '/faults', {
      kind: 'rest-error',
      status: 429,
      count: 2,
      url_contains: '/accounts',
      message: 'Too many',
    });
    expect((await rest(mirror, '/topics/1002')).status).toBe(200);
    expect(await rest(mirror, '/accounts/2')).toMatchObject({
      status: 429,
      body: { _status: { messages: [{ message: 'Too many' }] } },
    });
    expect((await rest(mirror, '/accounts/2')).status).toBe(429);
    expect((await rest(mirror, '/accounts/2')).status).toBe(200);
  });

  it('sets the mirror lag', async () => {
    expect((await operate('PUT', '/mirror/lag', { ms: 60_000 })).body).toEqual({ ms: 60_000 });
    source.message(1002, 'late');
    expect((await rest(mirror, '/topics/1002/messages/5')).status).toBe(404);
    expect((await operate('PUT', '/mirror/lag', { file_ms: 2000, import_ms: 2000 })).body).toEqual({
      file_ms: 2000,
      import_ms: 2000,
    });
    await operate('PUT', '/mirror/lag', { ms: 0 });
    expect((await rest(mirror, '/topics/1002/messages/5')).status).toBe(200);
  });

  it.each([
    ['POST', '/faults', { kind: 'busy', count: 0 }],
    ['POST', '/faults', { kind: 'nonsense' }],
    ['POST', '/faults', { kind: 'busy', after_messages: 1 }],
    ['POST', '/faults', { kind: 'stream-break', code: 'BROKEN' }],
    ['PUT', '/mirror/lag', { ms: '5' }],
    ['POST', '/clock/advance', { ms: -1 }],
    ['POST', '/accounts', { count: 1, extra: true }],
  ])('%s %s refuses %o', async (method, path, body) => {
    expect((await operate(method, path, body)).status).toBe(400);
  });

  it('are the ones in the documentation', async () => {
    const text = readFileSync(new URL('../../docs/controls.md', import.meta.url), 'utf8');
    const documented = [...text.matchAll(/^\| \[`([A-Z]+) (\/\S+)`\]/gm)];
    expect(documented).toHaveLength(10);
    for (const [, method = '', path = ''] of documented) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { nonsense: true };
      expect((await operate(method, path, body)).status, `${method} ${path}`).toBe(body === undefined ? 200 : 400);
    }
    for (const kind of [...text.matchAll(/^\| `([a-z-]+)` \| (?:consensus|mirror)/gm)].map(([, name]) => name)) {
      expect((await operate('POST', '/faults', { kind })).status, kind).toBe(200);
    }
  });

  it('does not answer to web pages or other machines', async () => {
    expect((await operate('GET', '/clock', undefined, { origin: 'http://evil.example' })).status).toBe(403);
    await expect(startControl({ host: '0.0.0.0', port: 0 })).rejects.toThrow('loopback');
    const bare = await startControl({ port: 0 });
    expect((await fetch(`http://127.0.0.1:${bare.port}/clock`)).status).toBe(501);
    expect((await fetch(`http://127.0.0.1:${bare.port}/nothing`)).status).toBe(404);
    await bare.close();
  });
});
