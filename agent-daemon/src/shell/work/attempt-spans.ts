import { parseTraceparent, type SpanContext } from '@gatepost/shared/tracing/trace-context';
import type { Tracing } from '@gatepost/shared/tracing/tracing';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Ending } from '../../core/attempt.js';
import type { LiveAttempt } from './live-attempt.js';

/** Attempts whose span in the coordinator's traces is remembered; the oldest goes first. */
const MAX_PARENTS = 10_000;

/** Tells of executions as spans of the traces that the coordinator's dispatches name. Nothing else is done with those. */
export class AttemptSpans {
  readonly #parents = new Map<string, SpanContext>();

  constructor(
    readonly tracing: Tracing,
    /** Of this agent. */
    readonly account: string,
  ) {}

  /** A session dispatched an attempt and named a span of its own for it, in whatever form. */
  dispatched(ref: AttemptRef, traceparent: string): void {
    const parent = parseTraceparent(traceparent);
    if (parent === undefined) return;
    const [oldest] = this.#parents.keys();
    if (this.#parents.size >= MAX_PARENTS && oldest !== undefined) this.#parents.delete(oldest);
    this.#parents.set(attemptKey(ref), parent);
  }

  /** An attempt is over; one that never started here has no execution to tell of. */
  finished({ key, ref, attempt, startedAtMs }: LiveAttempt, { outcome }: Ending, endMs: number): void {
    const parent = this.#parents.get(key);
    this.#parents.delete(key);
    if (startedAtMs === undefined) return;
    this.tracing.tell({
      name: 'execute',
      ...(parent === undefined ? {} : { parent }),
      startMs: startedAtMs,
      endMs,
      isFailed: outcome !== 'ok',
      attributes: {
        'gatepost.run': ref.run,
        'gatepost.task': ref.task,
        'gatepost.attempt': ref.attempt,
        'gatepost.task_type': attempt.assignment.taskType,
        'gatepost.agent': this.account,
        'gatepost.outcome': outcome,
      },
    });
  }
}
