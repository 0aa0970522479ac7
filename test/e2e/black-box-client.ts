// A client of the daemon made from the .proto file alone, with nothing of the product's own code: if it works, so does
// one written in any other language.
import { createHash, createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const SCHEMA = join(import.meta.dirname, '../../proto');

type Answer = Record<string, unknown>;
type Unary = (request: object, callback: (error: ServiceError | null, answer: Answer) => void) => void;
type AgentService = Client & {
  challenge: Unary;
  register: Unary;
  session(metadata: Metadata): ClientDuplexStream<object, Answer>;
};

function agentService(): new (
  address: string,
  creds: ReturnType<typeof credentials.createSsl>,
  options: object,
) => AgentService {
  const definition = loadSync('gatepost/agent/v1/agent.proto', {
    includeDirs: [SCHEMA],
    longs: String,
    enums: String,
    oneofs: true,
  });
  const root = loadPackageDefinition(definition) as unknown as {
    gatepost: { agent: { v1: { AgentService: ReturnType<typeof agentService> } } };
  };
  return root.gatepost.agent.v1.AgentService;
}

/** The certificate a daemon presents, taken on trust here and checked against the ledger by the caller. */
export async function peerCertificate(address: string): Promise<Buffer> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(raw);
    });
    socket.once('error', reject);
  });
}

export const sha256Hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const pem = (der: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;

/** A connection that trusts exactly one certificate. */
export function openAgent(address: string, certificate: Buffer): AgentService {
  const Service = agentService();
  const creds = credentials.createSsl(Buffer.from(pem(certificate)), null, null, {
    checkServerIdentity: () => undefined,
  });
  // An address is no TLS server name (RFC 6066); the certificate is what counts.
  return new Service(address, creds, { 'grpc.ssl_target_name_override': 'agent' });
}

export const unary = (client: AgentService, method: 'challenge' | 'register', request: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    client[method](request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });

/** The key behind a DER private key, for signing a statement. */
export const nativeKey = (der: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(der, 'hex'), format: 'der', type: 'pkcs8' });

export interface Registration {
  readonly coordinator: string;
  readonly agent: string;
  readonly certificateSha256: string;
  readonly key: KeyObject;
}

/** Answers a challenge as docs/protocol.md describes it and returns the session token. */
export async function register(client: AgentService, who: Registration): Promise<string> {
  const challenge = await unary(client, 'challenge', { coordinatorAccountId: who.coordinator });
  const coordinatorNonce = randomBytes(32);
  // Canonical JSON: the keys of this flat object are already in code point order.
  const statement = JSON.stringify({
    agent: who.agent,
    certificateSha256: who.certificateSha256,
    coordinator: who.coordinator,
    coordinatorNonce: coordinatorNonce.toString('hex'),
    expiresAtMs: Number(challenge.expiresAtUnixMs),
    nonce: (challenge.nonce as Buffer).toString('hex'),
    purpose: 'gatepost/1/register/coordinator',
  });
  const answer = await unary(client, 'register', {
    coordinatorAccountId: who.coordinator,
    nonce: challenge.nonce,
    coordinatorNonce,
    signature: sign(null, Buffer.from(statement), who.key),
    protocolVersion: 1,
  });
  return answer.sessionToken as string;
}

/** Opens a session, sends a first message, and collects answers until one satisfies the condition. */
export async function converse(
  client: AgentService,
  token: string,
  requests: readonly object[],
  done: (answer: Answer) => boolean,
): Promise<Answer[]> {
  const metadata = new Metadata();
  metadata.set('gatepost-session', token);
  const stream = client.session(metadata);
  const answers: Answer[] = [];
  try {
    for (const request of requests) stream.write(request);
    for await (const answer of stream) {
      answers.push(answer as Answer);
      if (done(answer as Answer)) return answers;
    }
    return answers;
  } finally {
    stream.cancel();
  }
}
