import { keyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { Change } from '@gatepost/rules/run/change';
import { reviewedAttempt } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import { isAccepted } from '@gatepost/rules/run/task-state';
import type { Clock } from '@gatepost/shared/clock';
import { formatTraceparent, type SpanContext } from '@gatepost/shared/tracing/trace-context';
import type { FinishedSpan, Tracing } from '@gatepost/shared/tracing/tracing';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import type { Command } from '../../core/decide/command.js';
import type { Link, RunFleet } from '../agents/agent-fleet.js';
import type { RunParts } from '../run/run-work.js';

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

/** After which a task may be over. */
const ENDINGS: ReadonlySet<Change['event']> = new Set(['verdict', 'settled', 'failed', 'blocked', 'cancelled']);

type Verdict = Extract<Change, { event: 'verdict' | 'rejected' }>;

/**
 * One trace for each task of a run: `task` from its first assignment to its payment, in it an `attempt` from its
 * assignment to its verdict, with `assign` and `gates` in this process and `execute` in the daemon's, and `settle`. The
 * ids of tasks and attempts follow from the run: a process that resumes it goes on with the same traces.
 */
export class RunTrace {
  /** When attempts that are not decided, and tasks that are not over, were first assigned here, by key or id. */
  readonly #begunMs = new Map<string, number>();
  readonly #over = new Set<string>();
  readonly #sampled = new Map<string, boolean>();

  constructor(
    readonly tracing: Tracing,
    readonly state: RunState,
    readonly clock: Clock,
  ) {}

  /** The same parts of a run, and what passes through them is traced. */
  watch(parts: RunParts): RunParts {
    return {
      ...parts,
      fleet: this.#watchFleet(parts.fleet),
      around: (command, work) => parts.around(command, () => this.#around(command, work)),
      change: (change) => {
        this.#told(change);
        parts.change(change);
      },
    };
  }

  #watchFleet(fleet: RunFleet): RunFleet {
    return {
      observations: () => fleet.observations(),
      link: (agent) => {
        const link = fleet.link(agent);
        return link && this.#watchLink(link);
      },
    };
  }

  #watchLink(link: Link): Link {
    return {
      dispatch: (work) => {
        const traceparent = formatTraceparent(this.#attempt(work.ref.task, work.ref.attempt));
        return link.dispatch({ ...work, traceparent });
      },
      isTold: (ref) => link.isTold(ref),
      forget: (ref) => link.forget(ref),
      cancel: (ref, reason) => link.cancel(ref, reason),
      fetch: (digest, declared) => link.fetch(digest, declared),
    };
  }

  /** A review belongs to the trace of what it reviews. */
  #ownerOf(task: string): string {
    return reviewedAttempt(task)?.task ?? task;
  }

  #context(task: string, span: string): SpanContext {
    const { journal, run } = this.state.context;
    // Runs of a network that begins anew have the same names; the time of their opening tells them apart.
    const seed = `${journal}|${run}|${this.state.openedAt}`;
    const traceId = sha256(`${seed}|${this.#ownerOf(task)}`).slice(0, TRACE_ID_DIGITS);
    const isSampled = this.#sampled.get(traceId) ?? this.tracing.isSampled(traceId);
    this.#sampled.set(traceId, isSampled);
    return { traceId, spanId: sha256(`${seed}|${span}`).slice(0, SPAN_ID_DIGITS), isSampled };
  }

  #task(task: string): SpanContext {
    const owner = this.#ownerOf(task);
    return this.#context(owner, owner);
  }

  #attempt(task: string, attempt: number): SpanContext {
    return this.#context(task, keyOf(task, attempt));
  }

  #tell(span: Omit<FinishedSpan, 'endMs' | 'attributes'>, task: string, more: FinishedSpan['attributes']): void {
    const { run } = this.state.context;
    const type = this.state.tasks.get(task)?.spec.type ?? '';
    const attributes = { 'gatepost.run': run, 'gatepost.task': task, 'gatepost.task_type': type, ...more };
    this.tracing.tell({ ...span, endMs: this.clock.nowMs(), attributes });
  }

  /** A command is carried out: what of it belongs to a task is a span of it. */
  async #around(command: Command, work: () => Promise<void>): Promise<void> {
    const startMs = this.clock.nowMs();
    if (command.kind === 'assign') this.#begin(command.task, command.attempt, startMs);
    let isFailed = true;
    try {
      await work();
      isFailed = false;
    } finally {
      this.#carriedOut(command, startMs, isFailed);
    }
  }

  #begin(task: string, attempt: number, startMs: number): void {
    for (const key of [this.#ownerOf(task), keyOf(task, attempt)]) {
      if (!this.#begunMs.has(key)) this.#begunMs.set(key, startMs);
    }
  }

  #carriedOut(command: Command, startMs: number, isFailed: boolean): void {
    if (command.kind === 'assign' || command.kind === 'judge') {
      const { task, attempt } = command;
      const name = command.kind === 'assign' ? 'assign' : 'gates';
      const parent = this.#attempt(task, attempt);
      this.#tell({ name, parent, startMs, isFailed }, task, { 'gatepost.attempt': attempt });
    }
    if (command.kind !== 'settle') return;
    for (const { task, attempt, to } of command.payments) {
      const more = { 'gatepost.attempt': attempt, 'gatepost.agent': to };
      this.#tell({ name: 'settle', parent: this.#task(task), startMs, isFailed }, task, more);
    }
  }

  #told(change: Change): void {
    if (change.event === 'verdict' || change.event === 'rejected') this.#decided(change);
    if (!ENDINGS.has(change.event) || !('task' in change)) return;
    const { task } = change;
    // A verdict is told before what follows from it is folded.
    this.clock.soon(() => this.#endIfOver(task));
  }

  #decided({ task, attempt: number, agent, gate, accepted }: Verdict): void {
    const key = keyOf(task, number);
    const startMs =
      this.#begunMs.get(key) ?? msFromNanos(attemptAt(this.state.tasks.get(task), number)?.assignedAt ?? 0n);
    this.#begunMs.delete(key);
    if (startMs === 0) return;
    const reviewed = reviewedAttempt(task);
    const parent = reviewed === undefined ? this.#task(task) : this.#attempt(reviewed.task, reviewed.attempt);
    const ids = this.#attempt(task, number);
    const name = reviewed === undefined ? 'attempt' : 'review';
    const more = { 'gatepost.attempt': number, 'gatepost.gate': gate, 'gatepost.accepted': accepted };
    const by = agent === undefined ? {} : { 'gatepost.agent': agent };
    this.#tell({ name, ids, parent, startMs, isFailed: !accepted }, task, { ...more, ...by });
  }

  /** A task is over when nothing more is done for it, its payment included. */
  #endIfOver(id: string): void {
    const task = this.state.tasks.get(id);
    if (task === undefined || task.reviews !== undefined || this.#over.has(id)) return;
    const { status, attempts } = task;
    const isLost = status === 'failed' || status === 'blocked' || status === 'cancelled';
    const isFree =
      status === 'complete' && attempts.every(({ verdict, price }) => verdict?.accepted !== true || price === 0n);
    if (!isLost && !(isAccepted(status) && (status === 'paid' || isFree))) return;
    this.#over.add(id);
    const startMs = this.#begunMs.get(id) ?? msFromNanos(attempts[0]?.assignedAt ?? 0n);
    this.#begunMs.delete(id);
    // What was never assigned has no trace.
    if (startMs === 0) return;
    this.#tell({ name: 'task', ids: this.#task(id), startMs, isFailed: isLost }, id, { 'gatepost.state': status });
  }
}
