import { once } from 'node:events';
import type {
  AgentServiceClient,
  AttemptEvent,
  AttemptRef,
  Heartbeat,
  Refused,
  SessionRequest,
  SessionResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { Bundle } from '@gatepost/shared/bundle';
import type { Clock } from '@gatepost/shared/clock';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { Waiters } from '@gatepost/shared/waiters';
import { type ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { OutputFetches } from './output-fetches.js';

type Stream = ClientDuplexStream<SessionRequest, SessionResponse>;
type Command = NonNullable<SessionRequest['command']>;

/** What comes out of a session. */
export interface SessionHandlers {
  /** Anything at all: the daemon is alive. */
  heard(): void;
  event(event: AttemptEvent): void;
  heartbeat(beat: Heartbeat): void;
  refused(refused: Refused): void;
}

/** An attempt to execute, with its whole input. */
export interface DispatchedWork {
  readonly ref: AttemptRef;
  readonly inbox: string;
  readonly inboxSequence: number;
  readonly inputSha256: Sha256;
  readonly input: Buffer;
  readonly taskType: string;
  readonly deadlineMs: number;
  /** This process's span of the attempt, W3C traceparent. */
  readonly traceparent?: string;
  /** Whether the inbox holds the input as well, so that nothing is lost if the agent is not told. */
  readonly isOnInbox?: boolean;
}

/** How long a daemon may take to say Welcome. */
const WELCOME_MS = 10_000;
/** How long an acknowledgement may wait for others; until it has it, the daemon only remembers what it told. */
const ACKNOWLEDGE_WITHIN_MS = 20;
/** What a dispatch takes besides its input, its names counted thrice as UTF-8 may take them. */
const dispatchBytes = ({ run, task }: AttemptRef, taskType: string, input: number): number =>
  512 + 3 * (run.length + task.length + taskType.length) + input;

/** One Session stream, from its Welcome to its end. */
export class Session {
  readonly #fetches: OutputFetches;
  /** Inputs that wait for the daemon to read. */
  readonly #writers = new Waiters();
  /** Commands of this turn. */
  readonly #bundle: Bundle<SessionRequest>;
  /** The last event of each attempt that came in this turn. */
  readonly #heard = new Map<string, { readonly ref: AttemptRef; readonly event: bigint }>();
  /** Whether the daemon reads several commands in one message. */
  #batches = false;
  #over = false;
  /** Settles when the stream has ended, with the reason. */
  readonly ended: Promise<Error>;

  private constructor(
    readonly stream: Stream,
    readonly maxChunkBytes: number,
    handlers: SessionHandlers,
    private readonly clock: Clock,
  ) {
    this.#bundle = new Bundle(clock, (requests) => this.#sendTogether(requests));
    const request = (sha256: Buffer, offset: bigint) =>
      void this.#send({ $case: 'fetchOutput', value: { sha256, offset } });
    this.#fetches = new OutputFetches(request, clock);
    this.ended = new Promise((resolve) => {
      stream.once('error', resolve);
      stream.once('end', () => resolve(new GatepostError('AGENT_UNREACHABLE', 'the daemon ended the session')));
    });
    stream.on('drain', () => this.#writers.release());
    void this.ended.then((reason) => {
      this.#over = true;
      this.#writers.release();
      this.#fetches.fail(reason);
    });
    stream.on('data', (response: SessionResponse) => this.#receive(response, handlers));
  }

  /** Opens a stream and waits for its Welcome. @throws what the stream ends with. */
  static async open(
    client: AgentServiceClient,
    token: string,
    maxChunkBytes: number,
    resume: readonly { readonly ref: AttemptRef; readonly event: bigint }[],
    handlers: SessionHandlers,
    clock: Clock,
  ): Promise<Session> {
    const metadata = new Metadata();
    metadata.set('gatepost-session', token);
    const stream = client.session(metadata);
    const session = new Session(stream, maxChunkBytes, handlers, clock);
    const signal = AbortSignal.timeout(WELCOME_MS);
    const welcome = once(stream, 'data', { signal });
    session.#send({ $case: 'hello', value: { resume: [...resume], batches: true } });
    try {
      await welcome;
    } catch (error) {
      stream.cancel();
      throw error;
    }
    return session;
  }

  /** Sends a command after those that wait; false when the daemon should be given time first. */
  #send(command: Command): boolean {
    this.#bundle.flush();
    return this.#write(command);
  }

  #write(command: Command): boolean {
    return !this.#over && this.stream.writable && this.stream.write({ command });
  }

  #sendTogether(requests: readonly SessionRequest[]): void {
    if (this.#batches && requests.length > 1) this.#write({ $case: 'batch', value: { requests: [...requests] } });
    else for (const { command } of requests) if (command !== undefined) this.#write(command);
  }

  #receive(response: SessionResponse, handlers: SessionHandlers): void {
    handlers.heard();
    const { message } = response;
    if (message?.$case === 'welcome') this.#batches = message.value.batches;
    else if (message?.$case === 'batch') for (const one of message.value.responses) this.#take(one, handlers);
    else this.#take(response, handlers);
  }

  #take({ message }: SessionResponse, handlers: SessionHandlers): void {
    if (message?.$case === 'event') handlers.event(message.value);
    else if (message?.$case === 'heartbeat') handlers.heartbeat(message.value);
    else if (message?.$case === 'outputChunk') this.#fetches.chunk(message.value);
    else if (message?.$case === 'refused') {
      if (message.value.outputSha256.length > 0) this.#fetches.refused(message.value);
      else handlers.refused(message.value);
    }
  }

  /** Asks for the execution of an attempt, or for what became of it; stops sending its input when it is not wanted any more. */
  async dispatch(work: DispatchedWork, wanted: () => boolean): Promise<void> {
    const { ref, inbox, inboxSequence, inputSha256, input, taskType, deadlineMs, traceparent = '' } = work;
    const whole = input.length <= this.maxChunkBytes;
    const value = {
      ref,
      inboxTopicId: inbox,
      inboxSequenceNumber: BigInt(inboxSequence),
      inputSha256: Buffer.from(inputSha256, 'hex'),
      inputSize: BigInt(input.length),
      input: whole ? input : Buffer.alloc(0),
      taskType,
      deadlineUnixMs: BigInt(deadlineMs),
      traceparent,
    };
    this.#bundle.add({ command: { $case: 'dispatch', value } }, dispatchBytes(ref, taskType, value.input.length));
    for (let offset = 0; !whole && offset < input.length && !this.#over && wanted(); offset += this.maxChunkBytes) {
      const data = input.subarray(offset, offset + this.maxChunkBytes);
      const flowing = this.#send({ $case: 'inputChunk', value: { ref, offset: BigInt(offset), data } });
      if (!flowing && !this.#over) await this.#writers.wait();
    }
  }

  cancel(ref: AttemptRef, reason: string): void {
    this.#send({ $case: 'cancel', value: { ref, reason } });
  }

  /** Tells that the events of an attempt up to a number have come; once for all that come within a while. */
  acknowledge(ref: AttemptRef, event: bigint): void {
    if (this.#heard.size === 0) this.clock.at(this.clock.nowMs() + ACKNOWLEDGE_WITHIN_MS, () => this.#acknowledge());
    this.#heard.set(attemptKey(ref), { ref, event });
  }

  #acknowledge(): void {
    for (const value of this.#heard.values()) {
      this.#bundle.add({ command: { $case: 'acknowledge', value } }, dispatchBytes(value.ref, '', 0));
    }
    this.#heard.clear();
    this.#bundle.flush();
  }

  /** @throws GatepostError AGENT_REFUSED, OUTPUT_CORRUPT, or what the stream ended with. */
  fetch(sha256: Sha256, declared: number): Promise<Buffer> {
    return this.#fetches.fetch(sha256, declared);
  }

  close(): void {
    this.stream.end();
    this.stream.cancel();
  }
}
