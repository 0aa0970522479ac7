import { parseTraceparent, type SpanContext } from '@gatepost/shared/tracing/trace-context';
import type { FinishedSpan, Tracing } from '@gatepost/shared/tracing/tracing';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Ending } from '../../core/attempt.js';
import type { LiveAttempt } from './live-attempt.js';

/** Attempts whose span in the coordinator's traces is remembered; the oldest goes first. */
const MAX_PARENTS = 10_000;
/** Executions that were over before a session named their trace; the oldest is told without one first. */
const MAX_WITHOUT_PARENT = 1_000;

/** Tells of executions as spans of the traces that the coordinator's dispatches name. Nothing else is done with those. */
export class AttemptSpans {
  readonly #parents = new Map<string, SpanContext>();
  /** An execution that began with its assignment on the inbox may be over before its dispatch comes. */
  readonly #withoutParent = new Map<string, FinishedSpan>();

  constructor(
    readonly tracing: Tracing,
    /** Of this agent. */
    readonly account: string,
  ) {}

  /** A session dispatched an attempt and named a span of its own for it, in whatever form. */
  dispatched(ref: AttemptRef, traceparent: string): void {
    const parent = parseTraceparent(traceparent);
    if (parent === undefined) return;
    const key = attemptKey(ref);
    const over = this.#withoutParent.get(key);
    if (over !== undefined) {
      this.#withoutParent.delete(key);
      this.tracing.tell({ ...over, parent });
      return;
    }
    const [oldest] = this.#parents.keys();
    if (this.#parents.size >= MAX_PARENTS && oldest !== undefined) this.#parents.delete(oldest);
    this.#parents.set(key, parent);
  }

  /** An attempt is over; one that never started here has no execution to tell of. */
  finished({ key, ref, attempt, startedAtMs }: LiveAttempt, { outcome }: Ending, endMs: number): void {
    const parent = this.#parents.get(key);
    this.#parents.delete(key);
    if (startedAtMs === undefined) return;
    const span: FinishedSpan = {
      name: 'execute',
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
    };
    if (parent !== undefined) this.tracing.tell({ ...span, parent });
    else this.#keep(key, span);
  }

  #keep(key: string, span: FinishedSpan): void {
    const [oldest] = this.#withoutParent;
    if (this.#withoutParent.size >= MAX_WITHOUT_PARENT && oldest !== undefined) {
      this.#withoutParent.delete(oldest[0]);
      this.tracing.tell(oldest[1]);
    }
    this.#withoutParent.set(key, span);
  }

  /** No dispatch comes any more: what none named is told as traces of its own. */
  close(): void {
    for (const span of this.#withoutParent.values()) this.tracing.tell(span);
    this.#withoutParent.clear();
  }
}
