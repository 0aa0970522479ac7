import { type ServerWritableStream, status } from '@grpc/grpc-js';
import type { TopicMessage } from '../../core/record-item.js';
import type { Cancel, MirrorClock } from '../clock.js';
import type { MirrorFaults, StreamFault } from '../faults.js';
import type { MirrorState } from '../store/mirror-state.js';
import type { TopicWaiters } from '../topic-waiters.js';
import type { TopicFilter } from './topic-query.js';
import { encodeTopicResponse } from './topic-response.js';

/** What subscriptions work on. */
export interface SubscriptionParts {
  readonly state: MirrorState;
  readonly waiters: TopicWaiters;
  readonly clock: MirrorClock;
  readonly faults: MirrorFaults;
  /** Whether everything that consensus has emitted is on the mirror. */
  isCaughtUp(): boolean;
}

/** How often a stream with an end looks whether network time, which may be advanced, has passed it. */
const END_CHECK_MS = 50;

/**
 * Sends a topic's messages from a cursor of its own: first the stored ones, then each new one when woken, so that
 * there can be neither a gap nor a duplicate. It stops reading while the client does not take what was sent.
 */
export class Subscription {
  readonly #call: ServerWritableStream<Buffer, Buffer>;
  readonly #filter: TopicFilter;
  readonly #ports: SubscriptionParts;
  readonly #fault: StreamFault | undefined;
  readonly #cleanUp: (() => void)[];
  #cursor: number;
  #sent = 0n;
  #isBlocked = false;
  #isOver = false;
  #cancelCheck: Cancel | undefined;

  constructor(call: ServerWritableStream<Buffer, Buffer>, filter: TopicFilter, ports: SubscriptionParts) {
    this.#call = call;
    this.#filter = filter;
    this.#ports = ports;
    this.#fault = ports.faults.takeStreamFault();
    this.#cursor = ports.state.messages.firstSince(filter.topic, filter.start);
    this.#cleanUp = [
      ports.waiters.add(filter.topic, () => this.#send()),
      ports.faults.track((code, details) => this.#finish(code, details)),
    ];
    call.on('drain', () => {
      this.#isBlocked = false;
      this.#send();
    });
    call.on('cancelled', () => this.#release());
    call.on('close', () => this.#release());
  }

  /** Sends what there is and goes on until the end, the limit, a fault, or the client's cancellation. */
  start(): void {
    if (this.#fault?.afterMessages === 0 && !this.#fault.betweenChunks) this.#break(this.#fault);
    this.#send();
    this.#checkEnd();
  }

  #send(): void {
    const { messages } = this.#ports.state;
    const { topic, end, limit } = this.#filter;
    while (!this.#isOver && !this.#isBlocked && this.#cursor < messages.count(topic)) {
      const message = messages.at(topic, this.#cursor++);
      if (end !== undefined && message.consensusTimestamp >= end) {
        this.#finish(status.OK, '');
        break;
      }
      this.#isBlocked = !this.#call.write(encodeTopicResponse(message));
      this.#sent++;
      if (this.#sent === limit) this.#finish(status.OK, '');
      else if (this.#fault !== undefined && this.#isBreakpoint(this.#fault, message)) this.#break(this.#fault);
    }
  }

  #isBreakpoint(fault: StreamFault, { chunk }: TopicMessage): boolean {
    if (this.#sent < BigInt(fault.afterMessages)) return false;
    return !fault.betweenChunks || (chunk !== undefined && chunk.number < chunk.total);
  }

  #break({ code, message }: StreamFault): void {
    this.#finish(code, message);
  }

  /** Nothing that is still to come can be before the end once everything up to it is on the mirror. */
  #checkEnd(): void {
    const { end } = this.#filter;
    if (end === undefined || this.#isOver) return;
    const { clock, state } = this.#ports;
    const isPast = clock.now() >= end && (state.latest >= end || this.#ports.isCaughtUp());
    if (isPast && this.#cursor >= state.messages.count(this.#filter.topic)) this.#finish(status.OK, '');
    else this.#cancelCheck = clock.after(END_CHECK_MS, () => this.#checkEnd());
  }

  #finish(code: number, details: string): void {
    if (this.#isOver) return;
    this.#release();
    if (code === status.OK) this.#call.end();
    else this.#call.emit('error', { code, details });
  }

  #release(): void {
    this.#isOver = true;
    this.#cancelCheck?.();
    for (const undo of this.#cleanUp.splice(0)) undo();
  }
}
