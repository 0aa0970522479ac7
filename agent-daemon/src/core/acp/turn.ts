import type { SessionUpdate } from '@agentclientprotocol/sdk';

/** What an agent says that it used: its own word. */
export interface ReportedUsage {
  /** Of the context. */
  readonly tokens: number | undefined;
  readonly costUsd: number | undefined;
}

/** Where what happens in a turn is told. */
export interface TurnSink {
  readonly log: (line: string) => void;
  readonly progress: (fraction: number, message: string) => void;
}

/** What follows from an update, if the attempt must end for it. */
export type TurnEnd = { readonly reason: string } | undefined;

/** Bounds of what an agent says that it uses. */
export interface UsageBounds {
  readonly costUsd?: number | undefined;
  readonly tokens?: number | undefined;
}

/**
 * Folds the updates of a session: entries of the plan become progress, tool calls and messages become log lines, and the
 * last message is kept, up to a bound.
 */
export class Turn {
  #message = '';
  #messageBytes = 0;
  #line = '';
  #usage: ReportedUsage = { tokens: undefined, costUsd: undefined };

  constructor(
    readonly sink: TurnSink,
    readonly maxMessageBytes: number,
    readonly bounds: UsageBounds,
  ) {}

  /** The text since the last tool call. */
  get lastMessage(): string {
    return this.#message.trim();
  }

  get usage(): ReportedUsage {
    return this.#usage;
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
    const costUsd = cost?.currency === 'USD' ? cost.amount : this.#usage.costUsd;
    this.#usage = { tokens, costUsd };
    const { bounds } = this;
    if (bounds.costUsd !== undefined && costUsd !== undefined && costUsd > bounds.costUsd) {
      return { reason: `by its own word the agent has used $${costUsd}, more than $${bounds.costUsd}` };
    }
    if (bounds.tokens !== undefined && tokens > bounds.tokens) {
      return { reason: `by its own word the agent has used ${tokens} tokens, more than ${bounds.tokens}` };
    }
    return undefined;
  }
}
