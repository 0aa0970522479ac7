import type { SpanContext, SpanIds } from './trace-context.js';

/** A span that is over, told in one piece. */
export interface FinishedSpan {
  readonly name: string;
  /** Where others refer to it; a new one is made when left out. */
  readonly ids?: SpanIds;
  /** Left out for the first span of a trace. */
  readonly parent?: SpanContext;
  /** Milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly isFailed: boolean;
  /** Ids and states alone: no input, output, reason or secret belongs here. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Where spans go. */
export interface Tracing {
  tell(span: FinishedSpan): void;
  /** Whether the sampler keeps a trace. */
  isSampled(traceId: string): boolean;
  /** Sends what is left, within a bound. Never rejects. */
  close(): Promise<void>;
}
