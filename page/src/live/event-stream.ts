/** A server-sent event: how far everything has been told with it, and its JSON. */
export interface StreamedEvent {
  readonly cursor: string;
  /** What happened, such as `verdict`; `hello` and `reset` begin a stream. */
  readonly event: string;
  readonly run: string | undefined;
  readonly task: string | undefined;
}

/** More text than this without the end of an event is no stream of events. */
const MAX_PENDING_CHARS = 1_048_576;

/** Takes a text/event-stream apart, in whatever pieces it comes; comments and other fields are passed over. */
export class EventStream {
  #pending = '';

  /** The events that a piece completes. @throws Error when it is no stream of events. */
  take(piece: string): readonly StreamedEvent[] {
    const blocks = (this.#pending + piece).split('\n\n');
    this.#pending = blocks.pop() ?? '';
    if (this.#pending.length > MAX_PENDING_CHARS) throw new Error('what comes is no stream of events');
    return blocks.flatMap(eventOf);
  }
}

function eventOf(block: string): readonly StreamedEvent[] {
  const data = block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''));
  if (data.length === 0) return [];
  const { cursor, event, run, task } = JSON.parse(data.join('\n')) as Record<string, unknown>;
  if (typeof cursor !== 'string' || typeof event !== 'string') throw new Error('an event came without its cursor');
  return [{ cursor, event, run: textOf(run), task: textOf(task) }];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
