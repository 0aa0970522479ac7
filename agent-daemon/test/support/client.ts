import { randomBytes, X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { connect as tlsConnect } from 'node:tls';
import type { AccountKey } from '@gatepost/shared/hedera/account-key';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';
import {
  type ChannelCredentials,
  type Client,
  type ClientDuplexStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { until } from './until.js';

const FILE = 'gatepost/agent/v1/agent.proto';
const path = createRequire(import.meta.url).resolve(`@gatepost/proto/${FILE}`);
const definition = loadSync(FILE, {
  includeDirs: [path.slice(0, -FILE.length)],
  keepCase: true,
  longs: Number,
  enums: String,
  oneofs: true,
  defaults: true,
});

/** A message as proto-loader gives it. */
export type Message = Record<string, unknown>;
type Unary = (request: Message, callback: (error: ServiceError | null, response: Message) => void) => void;
type Stub = Client & {
  Challenge: Unary;
  Register: Unary;
  Session(metadata: Metadata): ClientDuplexStream<Message, Message>;
};
type StubClass = new (address: string, credentials: ChannelCredentials, options?: object) => Stub;
interface Package {
  gatepost: { agent: { v1: { AgentService: StubClass } } };
}

const { AgentService } = (loadPackageDefinition(definition) as unknown as Package).gatepost.agent.v1;

/** The certificate a server shows, PEM and digest. */
export async function shownCertificate(address: string): Promise<{ pem: string; sha256: string }> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      const certificate = new X509Certificate(socket.getPeerCertificate(true).raw);
      socket.destroy();
      const sha256 = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
      resolve({ pem: certificate.toString(), sha256 });
    });
    socket.once('error', reject);
  });
}

/** A coordinator seen from the wire: generated code of ours is not involved. */
export class BlackBoxClient {
  private constructor(
    readonly stub: Stub,
    readonly certificateSha256: string,
  ) {}

  static async open(address: string): Promise<BlackBoxClient> {
    const { pem, sha256 } = await shownCertificate(address);
    const channel = credentials.createSsl(Buffer.from(pem), null, null, { checkServerIdentity: () => undefined });
    const options = { 'grpc.ssl_target_name_override': 'localhost' };
    return new BlackBoxClient(new AgentService(address, channel, options), sha256);
  }

  static insecure(address: string): BlackBoxClient {
    return new BlackBoxClient(new AgentService(address, credentials.createInsecure()), '');
  }

  challenge(coordinator: string): Promise<Message> {
    return call(this.stub, 'Challenge', { coordinator_account_id: coordinator });
  }

  register(request: Message): Promise<Message> {
    return call(this.stub, 'Register', request);
  }

  /** The proof a coordinator gives for a challenge. */
  proof(
    challenge: Message,
    coordinator: string,
    key: AccountKey,
    changes: Partial<{ certificateSha256: string }> = {},
  ): Message {
    const coordinatorNonce = randomBytes(32);
    const statement = {
      coordinator,
      agent: String(challenge.agent_account_id),
      nonce: (challenge.nonce as Buffer).toString('hex'),
      coordinatorNonce: coordinatorNonce.toString('hex'),
      certificateSha256: this.certificateSha256,
      expiresAtMs: Number(challenge.expires_at_unix_ms),
      ...changes,
    };
    return {
      coordinator_account_id: coordinator,
      nonce: challenge.nonce,
      coordinator_nonce: coordinatorNonce,
      signature: Buffer.from(key.sign(registerStatementBytes('coordinator', statement))),
      protocol_version: 1,
    };
  }

  /** The whole handshake; gives the token. */
  async enter(coordinator: string, key: AccountKey): Promise<string> {
    const challenge = await this.challenge(coordinator);
    const response = await this.register(this.proof(challenge, coordinator, key));
    return String(response.session_token);
  }

  session(token: string): BlackBoxSession {
    const metadata = new Metadata();
    metadata.set('gatepost-session', token);
    return new BlackBoxSession(this.stub.Session(metadata));
  }

  close(): void {
    this.stub.close();
  }
}

function call(stub: Stub, method: 'Challenge' | 'Register', request: Message): Promise<Message> {
  return new Promise((resolve, reject) => {
    stub[method](request, (error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

/** What a session said so far. */
export class BlackBoxSession {
  readonly messages: Message[] = [];
  error: ServiceError | undefined;
  ended = false;

  constructor(readonly stream: ClientDuplexStream<Message, Message>) {
    stream.on('data', (message: Message) => this.messages.push(message));
    stream.on('error', (error: ServiceError) => {
      this.error = error;
    });
    stream.on('end', () => {
      this.ended = true;
    });
  }

  send(message: Message): void {
    this.stream.write(message);
  }

  hello(resume: Message[] = []): void {
    this.send({ hello: { resume } });
  }

  /** Messages of one kind. */
  of(kind: string): Message[] {
    return this.messages.flatMap((message) => (message.message === kind ? [message[kind] as Message] : []));
  }

  /** Events of a task, by kind. */
  events(task: string): Message[] {
    return this.of('event').filter((event) => (event.ref as Message).task === task);
  }

  finished(task: string): Promise<Message> {
    return until(() => this.events(task).find(({ kind }) => kind === 'finished'), `the end of ${task}`).then(
      (event) => event.finished as Message,
    );
  }

  refused(matches: (refused: Message) => boolean = () => true): Promise<Message> {
    return until(() => this.of('refused').find(matches), 'a refusal');
  }
}

/** A dispatch of an assigned attempt. */
export function dispatchOf(
  run: string,
  record: RecordOf<'assign'>,
  inbox: string,
  sequenceNumber: number,
  input: Uint8Array,
): Message {
  return {
    dispatch: {
      ref: { run, task: record.task, attempt: record.attempt },
      inbox_topic_id: inbox,
      inbox_sequence_number: sequenceNumber,
      input_sha256: Buffer.from(record.input_sha256, 'hex'),
      input_size: record.input_size,
      input,
      task_type: record.task_type,
      deadline_unix_ms: record.deadline_ms,
    },
  };
}
