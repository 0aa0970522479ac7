import { Session } from '@gatepost/party/agents/session';
import {
  AgentServiceClient,
  type AgentServiceServer,
  AgentServiceService,
  type AttemptEvent,
  type SessionRequest,
  type SessionResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { systemClock } from '@gatepost/shared/clock';
import { credentials, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A session with a daemon that reads batches or does not, and all that the daemon was sent. */
async function sessionWith(batches: boolean) {
  const received: SessionRequest[] = [];
  let call: ServerDuplexStream<SessionRequest, SessionResponse> | undefined;
  const implementation = {
    session: (stream: NonNullable<typeof call>) => {
      call = stream;
      stream.on('data', (request: SessionRequest) => received.push(request));
      stream.write({ message: { $case: 'welcome', value: { daemonSession: 's', batches } } });
    },
  } as unknown as AgentServiceServer;
  const server = new Server();
  server.addService(AgentServiceService, implementation);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new AgentServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const events: AttemptEvent[] = [];
  const none = () => undefined;
  const handlers = { heard: none, heartbeat: none, refused: none, event: (event: AttemptEvent) => events.push(event) };
  const session = await Session.open(client, 't', 65_536, [], handlers as never, systemClock);
  open.push(() => {
    session.close();
    client.close();
    server.forceShutdown();
  });
  await vi.waitFor(() => expect(received).toHaveLength(1));
  const tell = (message: SessionResponse['message']) => call?.write({ message });
  return { session, events, tell, commands: () => received.slice(1).map(({ command }) => command) };
}

const refOf = (task: string) => ({ run: 'r', task, attempt: 1 });
const workOf = (task: string, input = Buffer.from('{}')) => ({
  ref: refOf(task),
  inbox: '0.0.1',
  inboxSequence: 1,
  inputSha256: '00'.repeat(32) as never,
  input,
  taskType: 't',
  deadlineMs: 1,
});
const eventOf = (task: string, number: number): AttemptEvent => ({
  ref: refOf(task),
  event: BigInt(number),
  atUnixMs: 0n,
  kind: { $case: 'started', value: {} },
});

it('sends what comes in one turn in one message, to a daemon that reads that', async () => {
  const { session, commands } = await sessionWith(true);
  for (const task of ['a', 'b', 'c']) void session.dispatch(workOf(task), () => true);
  await vi.waitFor(() => expect(commands()).toHaveLength(1));
  expect(commands()).toMatchObject([
    { $case: 'batch', value: { requests: ['a', 'b', 'c'].map((task) => ({ command: { value: { ref: { task } } } })) } },
  ]);
});

it('sends each by itself to a daemon that does not', async () => {
  const { session, commands } = await sessionWith(false);
  for (const task of ['a', 'b']) void session.dispatch(workOf(task), () => true);
  await vi.waitFor(() => expect(commands()).toHaveLength(2));
  expect(commands().map((command) => command?.$case)).toEqual(['dispatch', 'dispatch']);
});

it('sends no more together than a daemon takes in one message, and everything in order', async () => {
  const { session, commands } = await sessionWith(true);
  const input = Buffer.alloc(10_000);
  for (let n = 0; n < 10; n += 1) void session.dispatch(workOf(`t${n}`, input), () => true);
  session.cancel(refOf('t9'), 'why');
  await vi.waitFor(() => expect(commands().at(-1)?.$case).toBe('cancel'));
  const inBatches = commands().flatMap((command) => (command?.$case === 'batch' ? [command.value.requests] : []));
  for (const requests of inBatches) expect(requests.length * input.length).toBeLessThan(65_536);
  expect(inBatches.flat()).toHaveLength(10);
});

it('reads batches and acknowledges the last event of each attempt', async () => {
  const { session, events, tell, commands } = await sessionWith(true);
  const told = [eventOf('a', 1), eventOf('b', 1), eventOf('a', 2)];
  tell({ $case: 'batch', value: { responses: told.map((value) => ({ message: { $case: 'event', value } })) } });
  await vi.waitFor(() => expect(events).toHaveLength(3));
  for (const { ref, event } of events) session.acknowledge(ref as never, event);
  await vi.waitFor(() => expect(commands()).toHaveLength(1));
  const acknowledged = [
    { ref: refOf('a'), event: 2n },
    { ref: refOf('b'), event: 1n },
  ].map((value) => ({ command: { $case: 'acknowledge', value } }));
  expect(commands()).toEqual([{ $case: 'batch', value: { requests: acknowledged } }]);
});
