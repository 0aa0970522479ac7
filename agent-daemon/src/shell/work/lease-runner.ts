import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  type LeaseCommand,
  type LeaseInput,
  type LeasePolicy,
  type LeaseState,
  NO_LEASES,
  planLeases,
} from '../../core/lease-planner.js';
import type { LedgerPort } from '../ledger/ledger-port.js';
import type { Store } from '../store/store.js';

/** By which the schedules of leases are recognised. */
const MEMO = 'gatepost lease ';

export interface LeaseParts {
  readonly ledger: LedgerPort;
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: LeasePolicy;
  /** This start of the daemon. */
  readonly session: string;
  /** 0 to 1. */
  readonly jitter: number;
  readonly busy: () => boolean;
  /** Whether the inbox is being read. */
  readonly hears: () => boolean;
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
  #abandoned = false;

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
    this.#abandoned = true;
    this.#cancelWake?.();
  }

  #input(input: LeaseInput): void {
    if (this.#abandoned) return;
    const { policy, clock, busy, hears, jitter } = this.parts;
    const at = { nowMs: clock.nowMs(), busy: busy(), hears: hears(), jitter };
    const { state, commands, wakeAtMs } = planLeases(this.#state, input, policy, at);
    this.#state = state;
    this.#cancelWake?.();
    this.#cancelWake = wakeAtMs === undefined ? undefined : clock.at(wakeAtMs, () => this.tick());
    for (const command of commands) void this.#perform(command);
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
    const { ledger, session, log } = this.parts;
    const [message] = packRecords(undefined, [{ type: 'lapsed', session, lease: number }]);
    try {
      if (message === undefined) return;
      const schedule = await this.#schedule(ledger, message, expiresAtMs, `${MEMO}${session} ${number}`);
      this.#renewals += 1;
      log.debug({ lease: number, schedule, expiresAtMs }, 'lease created');
      await this.#remember([{ session, number, schedule }]);
      this.#input({ type: 'created', number, schedule });
      await this.#deleteEarlier();
    } catch (error) {
      const { message: reason, meta } = toGatepostError(error, 'LEDGER_UNREACHABLE');
      const expiryBusy = meta.status === 'SCHEDULE_EXPIRY_IS_BUSY';
      log.warn({ lease: number, reason }, 'the lease could not be created');
      this.#input({ type: 'create_failed', number, expiryBusy });
    }
  }

  /** An identical schedule is our own, made by an attempt whose answer was lost. */
  async #schedule(ledger: LedgerPort, message: Uint8Array, expiresAtMs: number, memo: string): Promise<string> {
    try {
      return await ledger.schedule(message, expiresAtMs, memo);
    } catch (error) {
      const { meta } = toGatepostError(error);
      if (meta.status === 'IDENTICAL_SCHEDULE_ALREADY_CREATED' && typeof meta.scheduleId === 'string') {
        return meta.scheduleId;
      }
      throw error;
    }
  }

  async #delete(number: number, schedule: string): Promise<void> {
    try {
      await this.parts.ledger.deleteSchedule(schedule);
      await this.#forget(schedule);
      this.#input({ type: 'deleted', number });
    } catch (error) {
      const reason = toGatepostError(error, 'LEDGER_UNREACHABLE').message;
      this.parts.log.warn({ lease: number, reason }, 'a lease could not be deleted');
      this.#input({ type: 'delete_failed', number });
    }
  }

  /** Leases of earlier processes: those they noted, and those the mirror shows that they had no time to note. */
  async #deleteEarlier(): Promise<void> {
    const { store, ledger, session, log } = this.parts;
    try {
      const shown = (await ledger.pendingSchedules()).filter(({ memo }) => memo.startsWith(MEMO));
      const foreign = shown.filter(({ memo }) => !memo.startsWith(`${MEMO}${session} `)).map(({ id }) => id);
      const noted = store.leases().filter((row) => row.session !== session);
      for (const schedule of new Set([...noted.map((row) => row.schedule), ...foreign])) {
        await ledger.deleteSchedule(schedule);
        await this.#forget(schedule);
      }
    } catch (error) {
      log.warn({ reason: toGatepostError(error).message }, 'leases of an earlier process could not be deleted yet');
    }
  }

  #remember(rows: ReturnType<Store['leases']>): Promise<void> {
    return this.parts.store.putLeases([...this.parts.store.leases(), ...rows]);
  }

  #forget(schedule: string): Promise<void> {
    return this.parts.store.putLeases(this.parts.store.leases().filter((row) => row.schedule !== schedule));
  }
}
