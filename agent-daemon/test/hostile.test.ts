import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as http2Connect } from 'node:http2';
import { connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { AccountKey, generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';
import { type ServiceError, status } from '@grpc/grpc-js';
import { PrivateKey } from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COORDINATOR } from '../src/bench/memory-ledger.js';
import { BlackBoxClient } from './support/client.js';
import { Hosted } from './support/hosted.js';
import { until } from './support/until.js';

let host: Hosted;
let client: BlackBoxClient;
/** How far the daemon's clock is ahead of ours. */
let skewMs = 0;

beforeAll(async () => {
  host = await Hosted.start({ nowMs: () => Date.now() + skewMs });
  client = await host.client();
});

afterAll(async () => host?.close());

/** 10,000 with THOROUGH=1. */
const CONNECTIONS = process.env.THOROUGH === '1' ? 10_000 : 1_000;

/** The end of a socket, in whatever way. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const statusOf = (answer: Promise<unknown>): Promise<status> =>
  answer.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

describe('the handshake refuses', () => {
  const key = () => host.ledger.coordinator;

  it('a coordinator that the configuration does not name: PERMISSION_DENIED', async () => {
    expect(await statusOf(client.challenge('0.0.999'))).toBe(status.PERMISSION_DENIED);
    expect(await statusOf(client.challenge('x'.repeat(10_000)))).toBe(status.PERMISSION_DENIED);
  });

  it('another key, a flipped signature, a signature of the wrong length: UNAUTHENTICATED', async () => {
    const stranger = client.proof(await client.challenge(COORDINATOR), COORDINATOR, generateAccountKey().key);
    expect(await statusOf(client.register(stranger))).toBe(status.UNAUTHENTICATED);
    const flipped = client.proof(await client.challenge(COORDINATOR), COORDINATOR, key());
    const signature = flipped.signature as Buffer;
    signature[0] = (signature[0] ?? 0) ^ 1;
    expect(await statusOf(client.register(flipped))).toBe(status.UNAUTHENTICATED);
    const short = {
      ...client.proof(await client.challenge(COORDINATOR), COORDINATOR, key()),
      signature: Buffer.alloc(3),
    };
    expect(await statusOf(client.register(short))).toBe(status.UNAUTHENTICATED);
  });

  it('a proof that was used before: UNAUTHENTICATED', async () => {
    const proof = client.proof(await client.challenge(COORDINATOR), COORDINATOR, key());
    expect(await statusOf(client.register(proof))).toBe(status.OK);
    expect(await statusOf(client.register(proof))).toBe(status.UNAUTHENTICATED);
  });

  it('a proof relayed from another certificate: UNAUTHENTICATED', async () => {
    const challenge = await client.challenge(COORDINATOR);
    const relayed = client.proof(challenge, COORDINATOR, key(), { certificateSha256: 'ab'.repeat(32) });
    expect(await statusOf(client.register(relayed))).toBe(status.UNAUTHENTICATED);
  });

  it('a nonce it never gave out, a proof of the daemon itself, an older protocol', async () => {
    const challenge = await client.challenge(COORDINATOR);
    const invented = client.proof({ ...challenge, nonce: randomBytes(32) }, COORDINATOR, key());
    expect(await statusOf(client.register(invented))).toBe(status.UNAUTHENTICATED);
    const reflected = {
      ...client.proof(challenge, COORDINATOR, key()),
      signature: Buffer.from(host.ledger.sign(Buffer.from('x'))),
    };
    expect(await statusOf(client.register(reflected))).toBe(status.UNAUTHENTICATED);
    const old = { ...client.proof(await client.challenge(COORDINATOR), COORDINATOR, key()), protocol_version: 0 };
    expect(await statusOf(client.register(old))).toBe(status.FAILED_PRECONDITION);
  });
});

it('a coordinator with an ECDSA account key is served, one whose key was rotated as well', async () => {
  const own = await Hosted.start();
  const caller = await own.client();
  await caller.enter(COORDINATOR, own.ledger.coordinator);
  own.ledger.coordinator = AccountKey.fromSdk(PrivateKey.generateECDSA());
  const proof = caller.proof(await caller.challenge(COORDINATOR), COORDINATOR, own.ledger.coordinator);
  // The old key is cached; it is not read again at once, lest anybody make the daemon ask the mirror all the time.
  expect(await statusOf(caller.register(proof))).toBe(status.UNAUTHENTICATED);
  await own.close();
  const fresh = await Hosted.start();
  fresh.ledger.coordinator = AccountKey.fromSdk(PrivateKey.generateECDSA());
  const session = await fresh.session();
  fresh.dispatch(session, { task: 'a' });
  expect(await session.finished('a')).toMatchObject({ outcome: 'OUTCOME_OK' });
  await fresh.close();
});

it('the daemon proves itself in turn', async () => {
  const own = await Hosted.start();
  const caller = await own.client();
  const challenge = await caller.challenge(COORDINATOR);
  const proof = caller.proof(challenge, COORDINATOR, own.ledger.coordinator);
  const response = await caller.register(proof);
  const statement = {
    coordinator: COORDINATOR,
    agent: '0.0.20',
    nonce: (challenge.nonce as Buffer).toString('hex'),
    coordinatorNonce: (proof.coordinator_nonce as Buffer).toString('hex'),
    certificateSha256: caller.certificateSha256,
    expiresAtMs: Number(challenge.expires_at_unix_ms),
  };
  const bytes = registerStatementBytes('agent', statement);
  expect(own.ledger.agent.publicKey.verify(bytes, response.signature as Buffer)).toBe(true);
  expect(response).toMatchObject({ capabilities: ['echo'], inbox_topic_id: '0.0.30', protocol_version: 1 });
  await own.close();
});

describe('a session refuses', () => {
  let own: Hosted;
  beforeAll(async () => {
    own = await Hosted.start();
  });
  afterAll(async () => own.close());

  it('a token it did not issue, or none: UNAUTHENTICATED', async () => {
    const caller = await own.client();
    for (const token of ['', 'made-up', 'x'.repeat(5_000)]) {
      const session = caller.session(token);
      session.hello();
      await until(() => session.error, 'the refusal');
      expect(session.error?.code, token.slice(0, 10)).toBe(status.UNAUTHENTICATED);
    }
  });

  it('a first message that is not Hello: FAILED_PRECONDITION', async () => {
    const caller = await own.client();
    const session = caller.session(await caller.enter(COORDINATOR, own.ledger.coordinator));
    session.send({ fetch_output: { sha256: Buffer.alloc(32), offset: 0 } });
    await until(() => session.error, 'the refusal');
    expect(session.error?.code).toBe(status.FAILED_PRECONDITION);
  });

  it('a message beyond its bound: RESOURCE_EXHAUSTED', async () => {
    const session = await own.session();
    session.send({
      input_chunk: { ref: { run: 'r', task: 't', attempt: 1 }, offset: 0, data: Buffer.alloc(1_000_000) },
    });
    await until(() => session.error, 'the refusal');
    expect(session.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('garbage instead of a message, and lives', async () => {
    const caller = await own.client();
    const token = await caller.enter(COORDINATOR, own.ledger.coordinator);
    for (const payload of [
      randomBytes(1_000_000),
      Buffer.from([0, 0, 0, 0, 5, 255, 255, 255, 255, 255]),
      Buffer.alloc(0),
    ]) {
      const channel = http2Connect(`https://${own.daemon.address}`, { rejectUnauthorized: false });
      channel.on('error', () => undefined);
      const request = channel.request({
        ':method': 'POST',
        ':path': '/gatepost.agent.v1.AgentService/Session',
        'content-type': 'application/grpc',
        te: 'trailers',
        'gatepost-session': token,
      });
      request.on('error', () => undefined);
      request.resume();
      request.end(payload);
      await once(request, 'close');
      channel.close();
    }
    const session = await own.session();
    own.dispatch(session, { task: 'after' });
    expect(await session.finished('after')).toMatchObject({ outcome: 'OUTCOME_OK' });
  });
});

describe('the port survives', () => {
  const target = () => {
    const [hostname = '', port = ''] = host.daemon.address.split(':');
    return { host: hostname, port: Number(port) };
  };

  it('a plaintext client: the connection fails, nothing is answered', async () => {
    const plain = BlackBoxClient.insecure(host.daemon.address);
    expect(await statusOf(plain.challenge(COORDINATOR))).toBe(status.UNAVAILABLE);
    plain.close();
  });

  it('1 MB of garbage, as TLS and inside TLS', async () => {
    for (const open of [
      () => netConnect(target()),
      () => tlsConnect({ ...target(), rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
    ]) {
      const socket = open();
      socket.end(randomBytes(1_000_000));
      socket.resume();
      await closed(socket);
    }
  });

  it(`${CONNECTIONS} connections opened and dropped, in bounded memory`, { timeout: 120_000 }, async () => {
    const before = process.memoryUsage().heapUsed;
    for (let opened = 0; opened < CONNECTIONS; opened += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = netConnect(target());
          socket.once('connect', () => socket.destroy());
          await closed(socket);
        }),
      );
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  });

  it('and serves its coordinator afterwards', async () => {
    const session = await host.session();
    host.dispatch(session, { task: 'afterwards', deadlineMs: Date.now() + 600_000 });
    expect(await session.finished('afterwards')).toMatchObject({ outcome: 'OUTCOME_OK' });
  });
});

it('a challenge that has expired is worth nothing', async () => {
  skewMs += 31_000;
  const proof = client.proof(await client.challenge(COORDINATOR), COORDINATOR, host.ledger.coordinator);
  skewMs += 31_000;
  expect(await statusOf(client.register(proof))).toBe(status.UNAUTHENTICATED);
});
