// The benchmark's coordinator: a process of its own with a client made from the .proto file.
import { createRequire } from 'node:module';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { type Client, type ClientDuplexStream, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { INBOX } from './memory-ledger.js';
import { RUN, sequenceOf, taskOf, workOrder } from './work.js';

interface ServerMessage {
  readonly event?: {
    readonly ref: { readonly task: string; readonly attempt: number };
    readonly event: number;
    readonly kind: string;
  };
  readonly refused?: { readonly code: number; readonly message: string };
}
interface Stub extends Client {
  Session(metadata: Metadata): ClientDuplexStream<object, ServerMessage>;
}
interface Package {
  gatepost: {
    agent: {
      v1: { AgentService: new (address: string, channel: ReturnType<typeof credentials.createInsecure>) => Stub };
    };
  };
}

const FILE = 'gatepost/agent/v1/agent.proto';

function connect(address: string): Stub {
  const path = createRequire(import.meta.url).resolve(`@gatepost/proto/${FILE}`);
  const definition = loadSync(FILE, {
    includeDirs: [path.slice(0, -FILE.length)],
    keepCase: true,
    longs: Number,
    oneofs: true,
  });
  const { AgentService } = (loadPackageDefinition(definition) as unknown as Package).gatepost.agent.v1;
  return new AgentService(address, credentials.createInsecure());
}

function dispatch(n: number): object {
  const input = workOrder(n);
  const ref = { run: RUN, task: taskOf(n), attempt: 1 };
  return {
    dispatch: {
      ref,
      inbox_topic_id: INBOX,
      inbox_sequence_number: sequenceOf(n),
      input_sha256: Buffer.from(sha256(input), 'hex'),
      input_size: input.length,
      input,
    },
  };
}

/** Keeps a window of attempts open until all have finished; each end is acknowledged. */
function run(address: string, token: string, attempts: number, window: number): void {
  const metadata = new Metadata();
  metadata.set('gatepost-session', token);
  const stub = connect(address);
  const stream = stub.Session(metadata);
  let sent = 0;
  let finished = 0;
  const next = () => {
    if (sent < attempts) stream.write(dispatch(sent++));
  };
  stream.on('data', ({ event, refused }: ServerMessage) => {
    if (refused !== undefined && refused !== null) throw new Error(`refused: ${refused.message}`);
    if (event?.kind !== 'finished') return;
    finished += 1;
    stream.write({ acknowledge: { ref: { ...event.ref, run: RUN }, event: event.event } });
    if (finished % 1_000 === 0 || finished === attempts) process.send?.({ finished });
    if (finished < attempts) return next();
    stream.end();
    stub.close();
    process.disconnect?.();
  });
  stream.write({ hello: { resume: [] } });
  for (let n = 0; n < window; n += 1) next();
}

const [address = '', token = '', attempts = '0', window = '0'] = process.argv.slice(2);
run(address, token, Number(attempts), Number(window));
