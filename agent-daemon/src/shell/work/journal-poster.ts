import { type Clock, pause } from '@gatepost/shared/clock';
import type { Ledger, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import { Outbox, type OutboxCommand, type OutboxInput, resultsOf } from '../../core/outbox.js';
import type { Parcel, Report } from '../../core/report-queue.js';
import type { PreparedRow } from '../store/rows.js';
import type { Store } from '../store/store.js';

const STORE_RETRY_MS = 1_000;
/** How often it is said that the ledger cannot tell. */
const SAY_EVERY_MS = 30_000;

export interface PosterParts {
  readonly ledger: Pick<Ledger, 'prepare' | 'execute'>;
  readonly journal: TopicId;
  readonly store: Pick<Store, 'putPrepared' | 'settlePrepared'>;
  readonly clock: Clock;
  /** How long records wait for others to share their message, milliseconds. */
  readonly fillMs: number;
  readonly log: Logger;
}

/** What is known of a record besides. */
interface PostOptions {
  /** Whether no other is to be expected soon, so that waiting for one is in vain. */
  readonly isLast?: boolean | undefined;
  /** Resolves when what the record tells is durable; it is not sent before. */
  readonly kept?: Promise<void> | undefined;
}

/**
 * Writes records to the journal as the outbox decides. A message that carries results is signed and stored before it is
 * submitted, and stays until its outcome is known and durable.
 */
export class JournalPoster {
  readonly #outbox: Outbox;
  /** The signed bytes of what is on its way, and whether they are in the store. */
  readonly #prepared = new Map<
    TransactionId,
    { readonly transaction: PreparedTransaction; readonly stored: boolean }
  >();
  /** By attempt, until its ending is durable. */
  readonly #unkept = new Map<string, Promise<void>>();
  readonly #stopping = stopController();
  #cancelWake: () => void = () => undefined;
  #wakeAtMs: number | undefined;
  #saidAtMs = 0;
  #idle: (() => void)[] = [];

  constructor(private readonly parts: PosterParts) {
    this.#outbox = new Outbox(parts.fillMs);
  }

  /** Records that wait or are on their way. */
  get pending(): number {
    return this.#outbox.pending;
  }

  /** Messages the ledger did not take at once, since the start. */
  get failures(): number {
    return this.#outbox.failures;
  }

  /** Takes a record on its way to the journal. */
  add(report: Report, { isLast = false, kept }: PostOptions = {}): void {
    const { attempt } = report;
    if (kept !== undefined && attempt !== undefined) {
      this.#unkept.set(attempt, kept);
      void kept.then(() => this.#unkept.delete(attempt));
    }
    this.#input({ type: 'report', report, isLast });
  }

  /** Forgets a message that an earlier process signed and certainly did not send. */
  discard({ id }: PreparedRow): void {
    void this.#settle(id, []);
  }

  /** Finds out what became of a message that an earlier process may have sent; `results` are those it carries. */
  takeUp(row: PreparedRow, results: readonly Report[]): void {
    const id = row.id as TransactionId;
    const transaction = { id, bytes: row.bytes, validUntil: BigInt(row.validUntil) };
    this.#prepared.set(id, { transaction, stored: true });
    this.#input({ type: 'earlier', id, parcel: { run: results[0]?.run, reports: results } });
  }

  /** Resolves when nothing waits any more. */
  flushed(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  stop(): void {
    this.#stopping.abort();
    this.#cancelWake();
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #input(input: OutboxInput): void {
    if (this.#stopped) return;
    const { clock } = this.parts;
    const { commands, wakeAtMs } = this.#outbox.step(input, clock.nowMs());
    if (wakeAtMs !== this.#wakeAtMs) {
      this.#cancelWake();
      this.#wakeAtMs = wakeAtMs;
      this.#cancelWake = wakeAtMs === undefined ? () => undefined : clock.at(wakeAtMs, () => this.#wake());
    }
    for (const command of commands) this.#perform(command);
    if (this.pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #wake(): void {
    this.#wakeAtMs = undefined;
    this.#input({ type: 'tick' });
  }

  #perform(command: OutboxCommand): void {
    switch (command.do) {
      case 'sign':
        return void this.#sign(command.parcel);
      case 'execute':
        return void this.#execute(command.id);
      case 'conclude':
        return void this.#conclude(command.id, command.reported);
      case 'complain': {
        const { what, why, retryInMs } = command;
        this.parts.log.warn({ reason: why, retryInMs, waiting: this.pending }, what);
        return;
      }
    }
  }

  async #sign(parcel: Parcel): Promise<void> {
    const { ledger, journal: topic, store } = this.parts;
    try {
      const records = parcel.reports.map(({ record }) => record);
      const [message] = packRecords(parcel.run, records);
      if (message === undefined) throw new GatepostError('INTERNAL', 'a parcel without records');
      const transaction = await ledger.prepare([{ kind: 'message', topic, message }]);
      const results = resultsOf(parcel);
      const stored = results.length > 0;
      // Written after the endings that it tells of, and mostly in one commit with them; sent when all of that is durable.
      const kept = results.map((key) => this.#unkept.get(key));
      if (stored) await Promise.all([store.putPrepared(rowOf(transaction, results)), ...kept]);
      this.#prepared.set(transaction.id, { transaction, stored });
      this.#input({ type: 'signed', parcel, id: transaction.id });
    } catch (error) {
      this.#input({ type: 'not_signed', parcel, why: toGatepostError(error).message });
    }
  }

  async #execute(id: TransactionId): Promise<void> {
    const { signal } = this.#stopping;
    const transaction = this.#prepared.get(id)?.transaction;
    if (transaction === undefined) return;
    try {
      const outcome = await this.parts.ledger.execute(transaction, { signal, onWait: (why) => this.#waits(why) });
      this.#input({ type: 'outcome', id, outcome });
    } catch (error) {
      const why = toGatepostError(error).message;
      this.#input({ type: 'outcome', id, outcome: { kind: 'unknown', id, why } });
    }
  }

  /** The outcome is noted before anything else is done about it; a full disk delays that. */
  async #conclude(id: TransactionId, reported: readonly string[]): Promise<void> {
    const stored = this.#prepared.get(id)?.stored === true;
    this.#prepared.delete(id);
    if (stored) await this.#settle(id, reported);
    this.#input({ type: 'concluded', id });
  }

  /** Notes what was reported and that a message is not needed any more; tries until it is durable. */
  async #settle(id: string, reported: readonly string[]): Promise<void> {
    const { store, clock, log } = this.parts;
    while (!this.#stopped) {
      try {
        await store.settlePrepared(id, reported);
        return;
      } catch (error) {
        const { message } = toGatepostError(error);
        log.error({ err: message, retryInMs: STORE_RETRY_MS }, 'that a result was reported cannot be stored');
        await pause(clock, STORE_RETRY_MS, this.#stopping.signal);
      }
    }
  }

  #waits(why: string): void {
    const { clock, log } = this.parts;
    if (this.#stopped || clock.nowMs() < this.#saidAtMs + SAY_EVERY_MS) return;
    this.#saidAtMs = clock.nowMs();
    log.warn({ reason: why, waiting: this.pending }, 'the ledger does not tell yet what became of a journal message');
  }
}

const rowOf = ({ id, bytes, validUntil }: PreparedTransaction, results: readonly string[]): PreparedRow => ({
  id,
  bytes,
  validUntil: validUntil.toString(),
  results,
});
