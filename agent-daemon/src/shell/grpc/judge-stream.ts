import type { SessionRequest, SessionResponse } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { statusError } from '@gatepost/shared/server/status-error';
import { Waiters } from '@gatepost/shared/waiters';
import { status } from '@grpc/grpc-js';
import { type Refusal, refusal } from '../../core/refusal.js';
import { refusedMessage } from './convert.js';
import type { OutputServer, OutputSink } from './output-server.js';
import type { SessionCall } from './session-stream.js';

export interface JudgeParts {
  readonly outputs: OutputServer;
  readonly daemonSession: string;
  /** Whether the judge of this stream may read an output. */
  readonly mayRead: (sha256: string) => boolean;
}

/** The stream of an account that judges work of this agent: it reads those outputs, and can do nothing else. */
export class JudgeStream implements OutputSink {
  readonly #writers = new Waiters();
  #blocked = false;
  #greeted = false;
  #closed = false;

  constructor(
    private readonly call: SessionCall,
    private readonly parts: JudgeParts,
  ) {
    call.on('drain', () => {
      this.#blocked = false;
      this.#writers.release();
    });
    call.on('close', () => this.close());
  }

  get closed(): boolean {
    return this.#closed;
  }

  receive({ command }: SessionRequest): void {
    if (this.#closed) return;
    if (command?.$case === 'hello') {
      this.#greeted = true;
      this.send({ message: { $case: 'welcome', value: { daemonSession: this.parts.daemonSession, batches: false } } });
    } else if (!this.#greeted) {
      this.end(status.FAILED_PRECONDITION, 'the first message of a stream must be Hello');
    } else if (command?.$case === 'fetchOutput') {
      const { sha256 } = command.value;
      if (this.parts.mayRead(Buffer.from(sha256).toString('hex'))) this.parts.outputs.fetch(this, command.value);
      else this.refuse(undefined, refusal('NOT_FOUND', 'no such output here that is yours to judge'), sha256);
    } else this.refuse(undefined, refusal('FAILED_PRECONDITION', 'who judges may fetch outputs, and nothing else'));
  }

  send(message: SessionResponse): boolean {
    if (!this.#closed && !this.call.write(message)) this.#blocked = true;
    return !this.#blocked;
  }

  writable(): Promise<void> {
    return !this.#blocked || this.#closed ? Promise.resolve() : this.#writers.wait();
  }

  refuse(_ref: undefined, why: Refusal, output?: Uint8Array): void {
    this.send({ message: { $case: 'refused', value: refusedMessage(undefined, why, output) } });
  }

  end(code: status, details: string): void {
    if (this.#closed) return;
    this.close();
    this.call.emit('error', statusError(code, details));
  }

  close(): void {
    this.#closed = true;
    this.#writers.release();
  }
}
