import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { keyOf } from '@gatepost/rules/run/attempt';
import type { RunContext } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Action, Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { ScheduleId } from '@gatepost/shared/vocabulary/ids';
import { type Outcome, SCHEDULE_GONE } from '@gatepost/shared/vocabulary/outcome';
import { NANOS_PER_SECOND, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import type { Became } from '../../core/effects/in-flight.js';
import { guardRecord } from '../../core/guard.js';
import type { Waits } from '../run/waits.js';

/** An attempt to guard. */
interface Guarded {
  readonly task: string;
  readonly attempt: number;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
}

/** What guards are made with. */
export interface GuardParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly context: RunContext;
  readonly graceMs: number;
  readonly waits: Waits;
  readonly log: Logger;
  readonly signal?: AbortSignal;
}

/**
 * Has the ledger itself say that a deadline has passed. A guard is made before its attempt is assigned, so that no
 * guarded attempt is ever without one, whenever this process dies; one without an attempt has no effect.
 */
export class Guards {
  readonly #known = new Map<string, ScheduleId>();
  /** Tasks with `guard: true`. */
  readonly guarded: ReadonlySet<string>;

  constructor(readonly parts: GuardParts) {
    this.guarded = new Set(parts.context.plan.tasks.filter(({ guard }) => guard).map(({ id }) => id));
  }

  /** Anything but `done` means that there may be no guard; then nothing must be assigned yet. */
  async arm({ task, attempt, deadlineMs }: Guarded): Promise<Became> {
    const { context, graceMs } = this.parts;
    const [message = Buffer.alloc(0)] = packRecords(
      context.run,
      [guardRecord({ task, attempt })],
      taskNamesOf(context.plan),
    );
    const dueSeconds = (nanosFromMs(deadlineMs + graceMs) + NANOS_PER_SECOND - 1n) / NANOS_PER_SECOND;
    const expiresAt = dueSeconds * NANOS_PER_SECOND;
    const memo = this.#memo(task, attempt);
    const outcome = await this.#execute({ kind: 'schedule', topic: context.journal, message, expiresAt, memo });
    const guard = `no guard for ${keyOf(task, attempt)}`;
    if (outcome.kind === 'refused') return { kind: 'refused', why: `${guard}: ${outcome.status}` };
    if (outcome.kind !== 'done') return { kind: outcome.kind, why: `${guard}: ${outcome.why}` };
    const { scheduleId } = outcome.receipt;
    if (scheduleId !== undefined) this.#known.set(keyOf(task, attempt), scheduleId);
    return { kind: 'done' };
  }

  /** The guards of attempts that still wait, as far as they can be found; they are deleted with the payment. */
  async of(attempts: readonly Pick<Guarded, 'task' | 'attempt'>[]): Promise<readonly ScheduleId[]> {
    const found = await Promise.all(attempts.map(({ task, attempt }) => this.#guardOf(task, attempt)));
    return found.filter((id) => id !== undefined);
  }

  /** Takes the guard of a decided attempt away. One that stays only posts what has no effect any more. */
  async disarm(task: string, attempt: number): Promise<void> {
    const schedule = await this.#guardOf(task, attempt);
    this.#known.delete(keyOf(task, attempt));
    if (schedule === undefined) return;
    const outcome = await this.#execute({ kind: 'unschedule', schedule });
    if (outcome.kind === 'done' || (outcome.kind === 'refused' && SCHEDULE_GONE.has(outcome.status))) return;
    const why = outcome.kind === 'refused' ? outcome.status : outcome.why;
    this.parts.log.warn({ task, attempt }, `the guard could not be taken away: ${why}`);
  }

  async #execute(action: Action): Promise<Outcome> {
    const { ledger, clock, waits, signal } = this.parts;
    const prepared = await ledger.prepare([action]);
    const wait = waits.open('network');
    try {
      return await executeUntilKnown(ledger, clock, prepared, {
        onWait: (why) => wait.note(`to take a guard: ${why}`),
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      wait.end();
    }
  }

  async #guardOf(task: string, attempt: number): Promise<ScheduleId | undefined> {
    if (!this.guarded.has(task)) return undefined;
    try {
      return this.#known.get(keyOf(task, attempt)) ?? (await this.#find(this.#memo(task, attempt)));
    } catch (thrown) {
      this.parts.log.warn({ task, attempt }, `the guard cannot be looked up: ${toGatepostError(thrown).message}`);
      return undefined;
    }
  }

  /** The guard that a predecessor made, if the mirror still shows it as waiting. */
  async #find(memo: string): Promise<ScheduleId | undefined> {
    return (await this.parts.ledger.waitingSchedules()).find((one) => one.memo === memo)?.id;
  }

  /** Short whatever the ids are, and the same for every process of this run. */
  #memo(task: string, attempt: number): string {
    return `gatepost guard ${sha256(`${this.parts.context.run}|${keyOf(task, attempt)}`).slice(0, 32)}`;
  }
}
