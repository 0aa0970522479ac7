import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { ConsensusTopicQuery } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror, TestSubscription, topicId } from './mirror-client.js';

/** Numbers from a seed, so that a failure can be run again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** `npm run fuzz` asks for many more than usual. */
const INPUTS = Number(process.env.GATEPOST_FUZZ_INPUTS ?? 2_000);
const SEED = Number(process.env.GATEPOST_FUZZ_SEED ?? randomBytes(4).readUInt32LE());
const PIECES = [
  'accounts',
  'balances',
  'tokens',
  'topics',
  'messages',
  'transactions',
  'schedules',
  'network',
  'nodes',
  'supply',
  '0.0.2',
  '1002',
  '-1',
  '99999999999999999999',
  '0x',
  'ab'.repeat(20),
  '%00',
  '%',
  '%zz',
  '..',
  '',
  ' ',
  '😀',
  '\u0000',
  '0.0.2-1-1',
  'gt:',
  'x'.repeat(3000),
  '__proto__',
  'constructor',
  "'",
  '"><script>',
];
const NAMES = [
  'account.id',
  'limit',
  'order',
  'timestamp',
  'sequencenumber',
  'account.balance',
  'account.publickey',
  'result',
  'type',
  'transactiontype',
  'encoding',
  'token.id',
  'name',
  'q',
  'nonce',
  'scheduled',
  '__proto__',
  'node.id',
  '',
];
const VALUES = [
  '1',
  '0',
  '-1',
  'asc',
  'gt:1',
  'ne:0.0.2',
  'lt:lt:1',
  ':',
  '1.1',
  '99999999999999999999',
  'eq:',
  'success',
  'credit',
  'utf-8',
  'true',
  '1e9',
  'NaN',
  '%00',
  '0x1',
  'x'.repeat(500),
  '1700000000.000000001',
  'ab'.repeat(32),
];

describe(`bad input, seed ${SEED}`, () => {
  const source = new HandMadeSource();
  const random = numbers(SEED);
  const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
  let mirror: Mirror;

  beforeAll(async () => {
    source.account(2);
    source.topic(1002);
    for (let n = 0; n < 50; n++) source.message(1002, `${n}`);
    mirror = await startTestMirror(source);
  });
  afterAll(() => mirror.close());

  /** Sends lines of raw HTTP on one connection and waits until the server has closed it or gone quiet. */
  function sendRaw(port: number, payload: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(payload));
      // A frame that is cut off leaves the server waiting for the rest, as it should.
      socket.setTimeout(50, () => socket.destroy());
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.resume();
    });
  }

  function randomUrl(): string {
    const path = Array.from({ length: 1 + random(4) }, () => pick(PIECES)).join('/');
    const query = Array.from({ length: random(4) }, () => `${pick(NAMES)}=${pick(VALUES)}`).join('&');
    return `/api/v1/${path}${query === '' ? '' : `?${query}`}`;
  }

  it(`REST: ${INPUTS} odd requests, each answered in the mirror's form`, {
    timeout: 120_000 + INPUTS * 10,
  }, async () => {
    for (let round = 0; round < INPUTS / 100; round++) {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const url = randomUrl();
          const { status, body, text } = await rest(mirror, url);
          expect(status, url).toBeLessThan(500);
          if (status >= 400) expect(body._status?.messages, `${url}: ${text}`).not.toHaveLength(0);
        }),
      );
    }
  });

  it('REST: bodies that are no transactions', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 500; round++) {
      const size = round % 50 === 0 ? 300_000 : random(200);
      const headers = { 'content-type': pick(['application/protobuf', 'application/json', 'text/plain']) };
      const { status } = await rest(mirror, '/network/fees', { method: 'POST', body: randomBytes(size), headers });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
  });

  it('both ports: bytes that are no HTTP at all', { timeout: 60_000 }, async () => {
    for (const port of [mirror.ports.rest, mirror.ports.grpc]) {
      for (let round = 0; round < 20; round++) {
        await Promise.all(
          Array.from({ length: 25 }, () => {
            const junk = randomBytes(random(2000));
            const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
            return sendRaw(port, random(2) === 0 ? junk : Buffer.concat([preface, junk]));
          }),
        );
      }
    }
    expect((await rest(mirror, '/accounts/2')).status).toBe(200);
  });

  it(`gRPC: ${INPUTS} odd requests, each ended with a status`, { timeout: 120_000 + INPUTS * 10 }, async () => {
    const client = new Client(`127.0.0.1:${mirror.ports.grpc}`, credentials.createInsecure());
    const good = Buffer.from(
      ConsensusTopicQuery.encode(
        ConsensusTopicQuery.fromPartial({
          topicID: topicId(1002),
          consensusStartTime: { seconds: 0n, nanos: 0 },
          consensusEndTime: { seconds: 1n, nanos: 0 },
          limit: 1n,
        }),
      ).finish(),
    );
    const call = (bytes: Buffer): Promise<void> =>
      new Promise((resolve) => {
        const method = pick(['ConsensusService/subscribeTopic', 'NetworkService/getNodes', 'NetworkService/nothing']);
        const asIs = (one: Buffer): Buffer => one;
        const stream = client.makeServerStreamRequest(`/com.hedera.mirror.api.proto.${method}`, asIs, asIs, bytes);
        // Random bytes may be a valid subscription without end: that one has answered by staying open.
        const timer = setTimeout(() => stream.cancel(), 20);
        stream.on('data', () => undefined);
        stream.on('error', () => undefined);
        stream.on('close', () => resolve(clearTimeout(timer)));
        stream.on('status', () => resolve(clearTimeout(timer)));
      });
    const mangled = (): Buffer => {
      if (random(3) === 0) return randomBytes(random(300));
      const bytes = Buffer.from(good);
      bytes[random(bytes.length)] = random(256);
      return random(2) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
    };
    for (let round = 0; round < INPUTS / 25; round++) {
      await Promise.all(Array.from({ length: 25 }, () => call(random(500) === 0 ? randomBytes(100_000) : mangled())));
    }
    client.close();
    const after = new TestSubscription(mirror.ports.grpc, good);
    await after.ended;
    after.close();
  });
});
