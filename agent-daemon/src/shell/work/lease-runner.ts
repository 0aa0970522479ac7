import type { Clock } from '@gatepost/shared/clock';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Action, Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type ScheduleId, scheduleId, type TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { leaseMemo, readLeaseMemo } from '../../core/lease-memo.js';
import {
  isGone,
  type LeaseCommand,
  type LeaseInput,
  type LeasePolicy,
  type LeaseState,
  NO_LEASES,
  planLeases,
} from '../../core/lease-planner.js';
import type { LeaseRows } from '../store/rows.js';
import type { Store } from '../store/store.js';

type WaitingSchedules = Awaited<ReturnType<Ledger['waitingSchedules']>>;

export interface LeaseParts {
  readonly ledger: Ledger;
  readonly journal: TopicId;
  readonly store: Pick<Store, 'leases' | 'putLeases'>;
  readonly clock: Clock;
  readonly policy: LeasePolicy;
  /** This start of the daemon. */
  readonly session: string;
  /** 0 to 1. */
  readonly jitter: number;
  /** The latest deadline of the attempts that run or wait; undefined while there are none. */
  readonly heldUntilMs: () => number | undefined;
  /** Whether the inbox is being read. */
  readonly hears: () => boolean;
  /** Where this daemon serves, host:port. */
  readonly address: () => string;
  /** Those of the schedules that are leases of other daemons of this account which answer. */
  readonly living: (schedules: WaitingSchedules) => Promise<WaitingSchedules>;
  /** The ledger has declared this agent dead: say that it is online. */
  readonly announceAgain: () => void;
  readonly log: Logger;
}

/** Carries out the lease planner's commands and tells it what came of them. */
export class LeaseRunner {
  #state: LeaseState = NO_LEASES;
  #cancelWake: (() => void) | undefined;
  #stopped: (() => void) | undefined;
  #renewals = 0;
  readonly #abandoned = stopController();

  constructor(private readonly parts: LeaseParts) {}

  /** When the newest lease of the ledger ends; undefined when there is none. */
  get expiresAtMs(): number | undefined {
    return this.#state.leases.filter(({ schedule }) => schedule !== undefined).at(-1)?.expiresAtMs;
  }

  /** Leases created so far. */
  get renewals(): number {
    return this.#renewals;
  }

  /** Leases of earlier processes are deleted once this one has its own. */
  start(): void {
    this.tick();
  }

  /** Looks at the circumstances again, for instance because work has begun. */
  tick(): void {
    this.#input({ type: 'tick' });
  }

  /** Deletes the lease; resolves when it is gone or cannot be deleted. */
  async stop(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    this.#input({ type: 'stop' });
    return done;
  }

  /** Does nothing more; the lease lapses, or the next process deletes it. */
  abandon(): void {
    this.#abandoned.abort();
    this.#cancelWake?.();
  }

  #input(input: LeaseInput): void {
    if (this.#abandoned.signal.aborted) return;
    const { policy, clock, heldUntilMs, hears, jitter } = this.parts;
    const at = { nowMs: clock.nowMs(), heldUntilMs: heldUntilMs(), hears: hears(), jitter };
    const { state, commands, wakeAtMs } = planLeases(this.#state, input, policy, at);
    this.#state = state;
    this.#cancelWake?.();
    this.#cancelWake = wakeAtMs === undefined ? undefined : clock.at(wakeAtMs, () => this.tick());
    for (const command of commands) {
      this.#perform(command).catch((error: unknown) => {
        this.parts.log.error({ command: command.do, err: toGatepostError(error).message }, 'leases');
      });
    }
    if (state.stopping && state.leases.length === 0) this.#stopped?.();
  }

  async #perform(command: LeaseCommand): Promise<void> {
    if (command.do === 'announce_again') {
      this.parts.log.warn('the lease has lapsed although this agent lives');
      return this.parts.announceAgain();
    }
    if (command.do === 'create') return this.#create(command.number, command.expiresAtMs);
    return this.#delete(command.number, command.schedule);
  }

  async #create(number: number, expiresAtMs: number): Promise<void> {
    const { journal: topic, session, address, log } = this.parts;
    const [message = Buffer.alloc(0)] = packRecords(undefined, [{ type: 'lapsed', session, lease: number }]);
    const expiresAt = nanosFromMs(expiresAtMs);
    const outcome = await this.#execute({
      kind: 'schedule',
      topic,
      message,
      expiresAt,
      memo: leaseMemo(session, number, address()),
    });
    const schedule = outcome.kind === 'done' ? outcome.receipt.scheduleId : undefined;
    if (schedule === undefined) log.warn({ lease: number, reason: wordsOf(outcome) }, 'the lease could not be created');
    else {
      this.#renewals += 1;
      log.debug({ lease: number, schedule, expiresAtMs }, 'lease created');
      await this.#note((rows) => [...rows, { session, number, schedule }]);
    }
    this.#input({ type: 'create_outcome', number, outcome });
    if (schedule !== undefined) await this.#deleteEarlier();
  }

  async #delete(number: number, schedule: ScheduleId): Promise<void> {
    const outcome = await this.#unschedule(schedule);
    this.#input({ type: 'delete_outcome', number, outcome });
  }

  /** Deletes a schedule and forgets it once it is gone. */
  async #unschedule(schedule: ScheduleId): Promise<Outcome> {
    const outcome = await this.#execute({ kind: 'unschedule', schedule });
    if (outcome.kind === 'done' || isGone(outcome)) {
      await this.#note((rows) => rows.filter((row) => row.schedule !== schedule));
    } else {
      this.parts.log.warn({ schedule, reason: wordsOf(outcome) }, 'a lease could not be deleted');
    }
    return outcome;
  }

  /** Asks until the outcome is known. */
  async #execute(action: Action): Promise<Outcome> {
    const { ledger, clock, log } = this.parts;
    const id = ledger.nextTransactionId();
    const prepared = await ledger.prepare([action], { firstId: id }).catch((error: unknown) => toGatepostError(error));
    // What could not even be signed did not happen.
    if (prepared instanceof GatepostError) return { kind: 'never', id, why: prepared.message };
    const onWait = (why: string) => log.debug({ id, reason: why }, 'a lease waits for the ledger');
    return executeUntilKnown(ledger, clock, prepared, { signal: this.#abandoned.signal, onWait });
  }

  /**
   * Leases of earlier processes: those they noted, and those the mirror shows that they had no time to note. That of a
   * daemon which answers is left alone.
   */
  async #deleteEarlier(): Promise<void> {
    const { store, ledger, session, living, log } = this.parts;
    try {
      const waiting = await ledger.waitingSchedules();
      const leases = waiting.filter(({ memo }) => (readLeaseMemo(memo)?.session ?? session) !== session);
      const others = await living(leases);
      if (this.#abandoned.signal.aborted) return;
      for (const { memo } of others) log.error({ memo }, 'another daemon has this account too; stop one of them');
      const kept = new Set(others.map(({ id }) => id));
      const noted = store.leases().filter((row) => row.session !== session);
      const earlier = new Set([...noted.map((row) => scheduleId(row.schedule)), ...leases.map(({ id }) => id)]);
      for (const schedule of earlier) if (!kept.has(schedule)) await this.#unschedule(schedule);
    } catch (error) {
      log.warn({ reason: toGatepostError(error).message }, 'leases of an earlier process could not be deleted yet');
    }
  }

  /** A note that cannot be written costs a look at the mirror at the next start. */
  async #note(change: (rows: LeaseRows) => LeaseRows): Promise<void> {
    const { store, log } = this.parts;
    // The store may be closed by now.
    if (this.#abandoned.signal.aborted) return;
    try {
      await store.putLeases(change(store.leases()));
    } catch (error) {
      log.warn({ reason: toGatepostError(error).message }, 'the leases cannot be noted');
    }
  }
}

/** What became of a transaction that was not done. */
function wordsOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'done':
      return 'its receipt names no schedule';
    case 'refused':
      return outcome.status;
    case 'never':
    case 'unknown':
      return outcome.why;
  }
}
