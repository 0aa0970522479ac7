import type { AttemptEvent, Hello, SessionRequest, SessionResponse } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { Bundle } from '@gatepost/shared/bundle';
import type { Clock } from '@gatepost/shared/clock';
import { statusError } from '@gatepost/shared/server/status-error';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { Waiters } from '@gatepost/shared/waiters';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Load } from '../../core/admission.js';
import type { NumberedEvent } from '../../core/event-log.js';
import { type Refusal, refusal } from '../../core/refusal.js';
import type { Engine } from '../work/engine.js';
import type { Intake } from '../work/intake.js';
import { attemptRef, dispatchOrder, eventMessage, type OutputLookup, refusedMessage } from './convert.js';
import type { OutputServer } from './output-server.js';

export type SessionCall = ServerDuplexStream<SessionRequest, SessionResponse>;

export interface SessionParts {
  readonly engine: Engine;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly outputs: OutputServer;
  readonly lookup: OutputLookup;
  readonly daemonSession: string;
  readonly heartbeatMs: number;
  /** A dispatch names the coordinator's own span of the attempt, in whatever form. */
  readonly traced: (ref: AttemptRef, traceparent: string) => void;
}

/** Attempts a heartbeat names at most. */
const NAMED_ATTEMPTS = 1_000;
/** A change of load is told after this pause, together with the changes that follow it. */
const LOAD_PAUSE_MS = 50;

/** How long the event of an attempt that goes on may wait for others, such as its end. */
const TELL_WITHIN_MS = 5;

/** Not less than an event takes. */
function bytesOf({ ref, kind }: AttemptEvent): number {
  const texts = [ref?.run, ref?.task];
  let bytes = 256;
  if (kind?.$case === 'finished') {
    texts.push(kind.value.reason);
    bytes += kind.value.output.length;
  } else if (kind?.$case === 'progress') texts.push(kind.value.message);
  else if (kind?.$case === 'log') texts.push(kind.value.line);
  // A character takes three bytes at most.
  return texts.reduce((sum, text = '') => sum + 3 * text.length, bytes);
}

/**
 * One open stream. Writes no faster than the peer reads: events that do not fit stay in their attempts' logs, and
 * the stream remembers only from which number on.
 */
export class SessionStream {
  readonly #call: SessionCall;
  readonly #parts: SessionParts;
  /** Attempts with events that are still to be sent, and the last number that was. */
  readonly #behind = new Map<string, { readonly ref: AttemptRef; readonly sent: number }>();
  /** Who waits for the peer to read. */
  readonly #writers = new Waiters();
  /** Events of this turn. */
  readonly #bundle: Bundle<SessionResponse>;
  /** Whether the peer reads several messages in one. */
  #batches = false;
  #blocked = false;
  #greeted = false;
  #closed = false;
  #beat = 0;
  #cancelBeat: (() => void) | undefined;
  #cancelLoad: (() => void) | undefined;

  constructor(call: SessionCall, parts: SessionParts) {
    this.#call = call;
    this.#parts = parts;
    this.#bundle = new Bundle(parts.clock, (responses) => this.#writeTogether(responses));
    // One listener for the life of the stream, however many chunks wait on it.
    call.on('drain', () => this.#drain());
    call.on('close', () => this.#writers.release());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Handles one message of the coordinator. */
  receive({ command }: SessionRequest): void {
    if (this.#closed) return;
    if (!this.#greeted) {
      if (command?.$case === 'hello') {
        this.#greet(command.value);
        return;
      }
      this.end(status.FAILED_PRECONDITION, 'the first message of a stream must be Hello');
      return;
    }
    if (command?.$case === 'batch') for (const request of command.value.requests) this.#carryOut(request);
    else this.#carryOut({ command });
  }

  #carryOut({ command }: SessionRequest): void {
    if (this.#closed) return;
    switch (command?.$case) {
      case 'dispatch':
        this.#dispatch(command.value);
        return;
      case 'inputChunk':
        this.#chunk(command.value);
        return;
      case 'cancel':
        this.#cancel(command.value);
        return;
      case 'acknowledge': {
        const ref = attemptRef(command.value.ref);
        if (ref !== undefined) this.#parts.engine.acknowledge(ref, Number(command.value.event));
        return;
      }
      case 'fetchOutput':
        this.#parts.outputs.fetch(this, command.value);
        return;
      default:
        this.refuse(undefined, refusal('INVALID_ARGUMENT', 'a command this daemon does not know'));
        return;
    }
  }

  /** Tells of an event, or remembers that it is to be told. */
  event(ref: AttemptRef, event: NumberedEvent): void {
    if (!this.#greeted || this.#closed) return;
    const key = attemptKey(ref);
    if (this.#behind.has(key)) return;
    if (this.#blocked) this.#behind.set(key, { ref, sent: event.number - 1 });
    else this.#tell(ref, event);
  }

  #tell(ref: AttemptRef, event: NumberedEvent): void {
    const value = eventMessage(ref, event, this.#parts.lookup);
    const isEnd = value.kind?.$case === 'finished';
    this.#bundle.add({ message: { $case: 'event', value } }, bytesOf(value), isEnd ? 0 : TELL_WITHIN_MS);
  }

  loadChanged(): void {
    if (!this.#greeted || this.#closed || this.#cancelLoad !== undefined) return;
    const { clock } = this.#parts;
    this.#cancelLoad = clock.at(clock.nowMs() + LOAD_PAUSE_MS, () => {
      this.#cancelLoad = undefined;
      this.#heartbeat();
    });
  }

  refuse(ref: AttemptRef | undefined, why: Refusal, output?: Uint8Array): void {
    this.#write({ message: { $case: 'refused', value: refusedMessage(ref, why, output) } });
  }

  /** Sends a message; false when the peer should be given time first. */
  send(message: SessionResponse): boolean {
    this.#write(message);
    return !this.#blocked;
  }

  /** Resolves when the peer has read what was written, or will read no more. */
  writable(): Promise<void> {
    if (!this.#blocked || this.#closed) return Promise.resolve();
    return this.#writers.wait();
  }

  /** Ends the stream with a status. */
  end(code: status, details: string): void {
    if (this.#closed) return;
    this.close();
    this.#call.emit('error', statusError(code, details));
  }

  /** The stream is over; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#cancelBeat?.();
    this.#cancelLoad?.();
    this.#behind.clear();
    this.#writers.release();
  }

  #greet({ resume, batches }: Hello): void {
    const { engine, daemonSession } = this.#parts;
    this.#greeted = true;
    this.#batches = batches;
    this.#write({ message: { $case: 'welcome', value: { daemonSession, batches: true } } });
    const seen = new Map<string, AttemptRef>();
    for (const { ref: raw, event } of resume) {
      const ref = attemptRef(raw);
      if (ref === undefined) continue;
      seen.set(attemptKey(ref), ref);
      engine.acknowledge(ref, Number(event));
      this.#catchUp(ref, Number(event));
    }
    for (const { key, ref } of engine.remembered()) if (!seen.has(key)) this.#catchUp(ref, 0);
    this.#heartbeat();
  }

  #dispatch(message: Parameters<typeof dispatchOrder>[0]): void {
    const order = dispatchOrder(message);
    if (order === undefined) {
      const why = refusal('INVALID_ARGUMENT', 'a dispatch needs run, task, attempt and a SHA-256 of 32 bytes');
      this.refuse(attemptRef(message.ref), why);
      return;
    }
    if (message.traceparent !== '') this.#parts.traced(order.ref, message.traceparent);
    if (this.#parts.intake.dispatch(order, message.input) === 'known') this.#catchUp(order.ref, 0);
  }

  #chunk({
    ref: raw,
    offset,
    data,
  }: {
    ref: Parameters<typeof attemptRef>[0];
    offset: bigint;
    data: Uint8Array;
  }): void {
    const ref = attemptRef(raw);
    if (ref === undefined) {
      this.refuse(undefined, refusal('INVALID_ARGUMENT', 'a chunk needs its attempt'));
      return;
    }
    this.#parts.intake.chunk(ref, Number(offset), data);
  }

  #cancel({ ref: raw, reason }: { ref: Parameters<typeof attemptRef>[0]; reason: string }): void {
    const ref = attemptRef(raw);
    if (ref === undefined) {
      this.refuse(undefined, refusal('INVALID_ARGUMENT', 'a cancel needs its attempt'));
      return;
    }
    const dropped = this.#parts.intake.cancel(attemptKey(ref));
    const known = this.#parts.engine.cancel(ref, reason === '' ? 'by the coordinator' : reason);
    if (!dropped && !known) this.refuse(ref, refusal('NOT_FOUND', 'no such attempt here'));
  }

  /** Sends the events of an attempt after a number again. */
  #catchUp(ref: AttemptRef, sent: number): void {
    this.#behind.set(attemptKey(ref), { ref, sent });
    if (!this.#blocked) this.#drain();
  }

  #drain(): void {
    this.#blocked = false;
    this.#sendBehind();
    if (!this.#blocked) this.#writers.release();
  }

  #sendBehind(): void {
    for (const [key, { ref, sent }] of this.#behind) {
      this.#behind.delete(key);
      for (const event of this.#parts.engine.eventsAfter(key, sent)) {
        if (event.number <= sent) continue;
        if (this.#blocked || this.#closed) {
          this.#behind.set(key, { ref, sent: event.number - 1 });
          return;
        }
        this.#tell(ref, event);
      }
    }
  }

  #heartbeat(): void {
    if (this.#closed) return;
    const { engine, clock, heartbeatMs } = this.#parts;
    const load: Load = engine.load;
    this.#beat += 1;
    const attempts = engine
      .working()
      .slice(0, NAMED_ATTEMPTS)
      .map((ref) => ({ ...ref }));
    this.#write({ message: { $case: 'heartbeat', value: { beat: BigInt(this.#beat), ...load, attempts } } });
    this.#cancelBeat?.();
    this.#cancelBeat = clock.at(clock.nowMs() + heartbeatMs, () => this.#heartbeat());
  }

  /** Sends a message after those that wait. */
  #write(message: SessionResponse): void {
    this.#bundle.flush();
    this.#send(message);
  }

  #writeTogether(responses: readonly SessionResponse[]): void {
    if (this.#batches && responses.length > 1) {
      this.#send({ message: { $case: 'batch', value: { responses: [...responses] } } });
    } else for (const response of responses) this.#send(response);
  }

  #send(message: SessionResponse): void {
    if (this.#closed) return;
    if (!this.#call.write(message)) this.#blocked = true;
  }
}
