import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCertificate } from '../src/server/tls.js';
import { tlsChannel } from '../src/server/tls-channel.js';

const directory = mkdtempSync(join(tmpdir(), 'gatepost-tls-channel-'));
const servers: Server[] = [];

interface Serving {
  readonly port: number;
  readonly cert: Buffer;
}

async function serve(cert: Buffer, key: Buffer): Promise<Serving> {
  const server = new Server();
  servers.push(server);
  const pair = ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', pair, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return { port, cert };
}

let ours: Serving;
let others: Serving;

beforeAll(async () => {
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  await makeCertificate(files, 'server');
  ours = await serve(readFileSync(files.cert), readFileSync(files.key));
  const other = await generate([{ name: 'commonName', value: 'other' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.2' }] }],
  });
  others = await serve(Buffer.from(other.cert), Buffer.from(other.private));
});

afterAll(() => {
  for (const server of servers) server.forceShutdown();
  rmSync(directory, { recursive: true, force: true });
});

/** What a call to a server that knows no service ends with: UNIMPLEMENTED once there is a connection. */
async function callOf(address: string, ca: Buffer): Promise<ServiceError> {
  const channel = tlsChannel(address, ca);
  const client = new Client(address, channel.credentials, channel.options);
  const same = (bytes: Buffer): Buffer => bytes;
  const error = await new Promise<ServiceError | null>((resolve) =>
    client.makeUnaryRequest('/a/b', same, same, Buffer.alloc(0), resolve),
  );
  client.close();
  if (error === null) throw new Error('a call to no service was answered');
  return error;
}

it.each(['127.0.0.1', 'localhost'])('knows a server whose certificate says %s', async (host) => {
  expect(await callOf(`${host}:${ours.port}`, ours.cert)).toMatchObject({ code: status.UNIMPLEMENTED });
});

it.each(['127.0.0.1', 'localhost'])('does not take for %s what has the certificate of another', async (host) => {
  const refused = await callOf(`${host}:${others.port}`, others.cert);
  expect(refused.code).toBe(status.UNAVAILABLE);
  expect(refused.details).toContain(host);
});

it('nor one whose certificate nobody vouches for', async () => {
  expect(await callOf(`127.0.0.1:${ours.port}`, others.cert)).toMatchObject({ code: status.UNAVAILABLE });
});
