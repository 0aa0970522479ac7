import { keyOf } from '@gatepost/rules/run/attempt';
import type { RunContext } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { deleteSchedule, scheduleMessage } from '@gatepost/shared/hedera/schedules';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type ScheduleId, scheduleId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { guardRecord } from '../../core/guard.js';

/** An attempt to guard. */
interface Guarded {
  readonly task: string;
  readonly attempt: number;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
}

/**
 * Has the ledger itself say that a deadline has passed. A guard is made before its attempt is assigned, so that no
 * guarded attempt is ever without one, whenever this process dies; one without an attempt has no effect.
 */
export class Guards {
  readonly #known = new Map<string, ScheduleId>();
  /** Tasks with `guard: true`. */
  readonly guarded: ReadonlySet<string>;

  constructor(
    readonly connection: Connection,
    readonly context: RunContext,
    readonly graceMs: number,
    readonly log: Logger,
  ) {
    this.guarded = new Set(context.plan.tasks.filter(({ guard }) => guard).map(({ id }) => id));
  }

  /** @throws GatepostError LEDGER_UNREACHABLE when there may be no guard; then nothing must be assigned yet. */
  async arm({ task, attempt, deadlineMs }: Guarded): Promise<void> {
    const [message] = packRecords(this.context.run, [guardRecord({ task, attempt })]);
    if (message === undefined) return;
    const dueSeconds = (nanosFromMs(deadlineMs + this.graceMs) + NANOS_PER_SECOND - 1n) / NANOS_PER_SECOND;
    const expiresAt = dueSeconds * NANOS_PER_SECOND;
    const memo = this.#memo(task, attempt);
    const id = await scheduleMessage(this.connection, { topic: this.context.journal, message, expiresAt, memo }).catch(
      (thrown: unknown) => {
        // A refusal is no fault of the agent's inbox, which the caller would take it for.
        const why = toGatepostError(thrown).message;
        throw new GatepostError('LEDGER_UNREACHABLE', `no guard for ${keyOf(task, attempt)}: ${why}`, {}, thrown);
      },
    );
    this.#known.set(keyOf(task, attempt), id);
  }

  /** The guards of attempts that still wait, as far as they can be found; they are deleted with the payment. */
  async of(attempts: readonly Pick<Guarded, 'task' | 'attempt'>[]): Promise<readonly ScheduleId[]> {
    const found = await Promise.all(attempts.map(({ task, attempt }) => this.#guardOf(task, attempt)));
    return found.filter((id) => id !== undefined);
  }

  /** Takes the guard of a decided attempt away. One that stays only posts what has no effect any more. */
  async disarm(task: string, attempt: number): Promise<void> {
    const id = await this.#guardOf(task, attempt);
    this.#known.delete(keyOf(task, attempt));
    try {
      if (id !== undefined) await deleteSchedule(this.connection, id);
    } catch (thrown) {
      this.log.warn({ task, attempt }, `the guard could not be taken away: ${toGatepostError(thrown).message}`);
    }
  }

  async #guardOf(task: string, attempt: number): Promise<ScheduleId | undefined> {
    if (!this.guarded.has(task)) return undefined;
    try {
      return this.#known.get(keyOf(task, attempt)) ?? (await this.#find(this.#memo(task, attempt)));
    } catch (thrown) {
      this.log.warn({ task, attempt }, `the guard cannot be looked up: ${toGatepostError(thrown).message}`);
      return undefined;
    }
  }

  /** The guard that a predecessor made, if the mirror still shows it as waiting. */
  async #find(memo: string): Promise<ScheduleId | undefined> {
    const made = await this.connection.mirror.schedulesBy(this.connection.account);
    const found = made.find((one) => one.memo === memo && !one.deleted && one.executed_timestamp === null);
    return found === undefined ? undefined : scheduleId(found.schedule_id);
  }

  /** Short whatever the ids are, and the same for every process of this run. */
  #memo(task: string, attempt: number): string {
    return `gatepost guard ${sha256(`${this.context.run}|${keyOf(task, attempt)}`).slice(0, 32)}`;
  }
}
