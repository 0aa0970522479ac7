import type { Logger } from '@gatepost/shared/log';
import type { SessionTokens } from '@gatepost/shared/server/session-tokens';
import { statusError } from '@gatepost/shared/server/status-error';
import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import { status } from '@grpc/grpc-js';
import type { NumberedEvent } from '../../core/event-log.js';
import type { EngineListener } from '../work/engine-parts.js';
import type { JudgeHub } from './judge-hub.js';
import { type SessionCall, type SessionParts, SessionStream } from './session-stream.js';

/** Keeps the one stream of the coordinator, a newer one ends the older, and lets those who judge read. */
export class SessionHub implements Pick<EngineListener, 'event' | 'loadChanged'> {
  /** Told of the connection on which a session began, which need not be that of its registration. */
  onProven: (peer: string) => void = () => undefined;
  #current: SessionStream | undefined;
  #opened = 0;

  constructor(
    private readonly parts: SessionParts,
    private readonly tokens: SessionTokens,
    private readonly judges: JudgeHub,
    private readonly log: Logger,
  ) {
    parts.intake.onRefusal((ref, why) => {
      log.info({ ref, code: why.code, why: why.message }, 'command refused');
      this.#current?.refuse(ref, why);
    });
  }

  get connected(): boolean {
    return this.#current !== undefined;
  }

  /** Streams opened so far. */
  get opened(): number {
    return this.#opened;
  }

  readonly session = (call: SessionCall): void => {
    const [token = ''] = call.metadata.get('gatepost-session').map(String);
    if (this.tokens.bearer(token) === undefined) {
      if (this.judges.serve(call, token)) {
        this.onProven(call.getPeer());
        return;
      }
      const details = 'metadata gatepost-session is no token of this start of the daemon; register again';
      call.emit('error', statusError(status.UNAUTHENTICATED, details));
      return;
    }
    this.onProven(call.getPeer());
    this.#current?.end(status.ABORTED, 'a newer session of the same coordinator has begun');
    this.parts.intake.forgetAll();
    const stream = new SessionStream(call, this.parts);
    this.#current = stream;
    this.#opened += 1;
    this.log.info({ peer: call.getPeer() }, 'session opened');
    call.on('data', (request) => stream.receive(request));
    call.on('end', () => {
      this.#ended(stream);
      call.end();
    });
    call.on('error', () => this.#ended(stream));
    call.on('cancelled', () => this.#ended(stream));
  };

  event(ref: AttemptRef, event: NumberedEvent): void {
    this.#current?.event(ref, event);
  }

  loadChanged(): void {
    this.#current?.loadChanged();
  }

  /** Ends the stream in good order. */
  close(): void {
    this.#current?.end(status.UNAVAILABLE, 'the daemon stops');
    this.#current = undefined;
    this.judges.close();
  }

  #ended(stream: SessionStream): void {
    stream.close();
    if (this.#current !== stream) return;
    this.#current = undefined;
    this.parts.intake.forgetAll();
    this.log.info('session ended');
  }
}
