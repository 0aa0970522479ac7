import type { Logger } from '@gatepost/shared/log';
import type { SessionTokens } from '@gatepost/shared/server/session-tokens';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { status } from '@grpc/grpc-js';
import type { Judges } from '../work/judges.js';
import { type JudgeParts, JudgeStream } from './judge-stream.js';
import type { SessionCall } from './session-stream.js';

/** Keeps one stream of each account that judges work of this agent: a newer one ends the older. */
export class JudgeHub {
  readonly #streams = new Map<AccountId, JudgeStream>();

  constructor(
    private readonly parts: Omit<JudgeParts, 'mayRead'>,
    private readonly judges: Judges,
    private readonly tokens: SessionTokens,
    private readonly log: Logger,
  ) {}

  /** Serves a stream when its token is a judge's; false for any other. */
  serve(call: SessionCall, token: string): boolean {
    const judge = this.tokens.bearer(token);
    if (judge === undefined) return false;
    this.#streams.get(judge)?.end(status.ABORTED, 'a newer session of the same judge has begun');
    const stream = new JudgeStream(call, { ...this.parts, mayRead: (output) => this.judges.mayRead(judge, output) });
    this.#streams.set(judge, stream);
    this.log.info({ peer: call.getPeer(), judge }, 'session of a judge opened');
    const ended = () => {
      stream.close();
      if (this.#streams.get(judge) === stream) this.#streams.delete(judge);
    };
    call.on('data', (request) => stream.receive(request));
    call.on('end', () => {
      ended();
      call.end();
    });
    call.on('error', ended);
    call.on('cancelled', ended);
    return true;
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.end(status.UNAVAILABLE, 'the daemon stops');
    this.#streams.clear();
  }
}
