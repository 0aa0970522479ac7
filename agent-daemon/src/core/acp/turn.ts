import type { SessionUpdate } from '@agentclientprotocol/sdk';
import { excessOf, plausibleUsage, type ReportedUsage, type UsageBounds } from '../usage.js';

/** Where what happens in a turn is told. */
export interface TurnSink {
  readonly log: (line: string) => void;
  readonly progress: (fraction: number, message: string) => void;
  readonly used: (usage: ReportedUsage) => void;
}

/** What follows from an update, if the attempt must end for it. */
export type TurnEnd = { readonly reason: string } | undefined;

/**
 * Folds the updates of a session: entries of the plan become progress, tool calls and messages become log lines, and the
 * last message is kept, up to a bound.
 */
export class Turn {
  #message = '';
  #messageBytes = 0;
  #line = '';

  constructor(
    readonly sink: TurnSink,
    readonly maxMessageBytes: number,
    readonly bounds: UsageBounds,
  ) {}

  /** The text since the last tool call. */
  get lastMessage(): string {
    return this.#message.trim();
  }

  /** A further prompt is asked. */
  begin(): void {
    this.#forget();
  }

  take(update: SessionUpdate): TurnEnd {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        return update.content.type === 'text' ? this.#say(update.content.text) : undefined;
      case 'plan': {
        const { entries } = update;
        const done = entries.filter(({ status }) => status === 'completed').length;
        const current = entries.find(({ status }) => status === 'in_progress') ?? entries[done];
        this.sink.progress(entries.length === 0 ? -1 : done / entries.length, current?.content ?? 'done');
        return undefined;
      }
      case 'tool_call':
        this.#flush();
        // What was said before was on the way.
        this.#forget();
        this.sink.log(`tool ${update.kind ?? 'other'}: ${update.title}`);
        return undefined;
      case 'tool_call_update':
        if (update.status === 'failed') this.sink.log(`tool failed: ${update.title ?? update.toolCallId}`);
        return undefined;
      case 'usage_update':
        return this.#use(update.used, update.cost ?? undefined);
      default:
        return undefined;
    }
  }

  /** The turn is over. */
  end(): void {
    this.#flush();
  }

  #say(text: string): TurnEnd {
    this.#messageBytes += Buffer.byteLength(text);
    if (this.#messageBytes > this.maxMessageBytes) {
      return { reason: `the output exceeds ${this.maxMessageBytes} bytes` };
    }
    this.#message += text;
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.sink.log(line);
    return undefined;
  }

  #forget(): void {
    this.#message = '';
    this.#messageBytes = 0;
  }

  #flush(): void {
    if (this.#line !== '') this.sink.log(this.#line);
    this.#line = '';
  }

  #use(tokens: number, cost: { readonly amount: number; readonly currency: string } | undefined): TurnEnd {
    const usage = plausibleUsage({ tokens, costUsd: cost?.currency === 'USD' ? cost.amount : undefined });
    this.sink.used(usage);
    const reason = excessOf(usage, this.bounds);
    return reason === undefined ? undefined : { reason };
  }
}
