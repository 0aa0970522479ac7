import type { Clock } from '@gatepost/shared/clock';
import type { PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import { type Parcel, type Report, ReportQueue } from '../../core/report-queue.js';
import type { LedgerPort } from '../ledger/ledger-port.js';
import type { PreparedRow } from '../store/rows.js';
import type { Store } from '../store/store.js';

/** Messages on their way at the same time. */
const IN_FLIGHT = 64;
/** How long a record waits for others to share its message. */
const LINGER_MS = 20;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

const resultsOf = (parcel: Parcel): string[] =>
  parcel.reports.flatMap(({ attempt, record }) => (record.type === 'result' && attempt !== undefined ? [attempt] : []));

/**
 * Writes records to the journal, several to a message. A message that carries results is signed and stored before it
 * is submitted, and stays until its outcome is known: the same bytes are submitted again, by this process or the
 * next, so that no result is reported twice and none is lost.
 */
export class JournalPoster {
  readonly #queue = new ReportQueue();
  #sending = 0;
  #pump: (() => void) | undefined;
  #backoffMs = 0;
  /** While the ledger does not take messages: when to try again. */
  #retryAtMs = 0;
  #failures = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(
    private readonly ledger: LedgerPort,
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly onPosted: (results: readonly string[]) => void = () => undefined,
  ) {}

  /** Records that wait or are on their way. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Messages the ledger did not take at once, since the start. */
  get failures(): number {
    return this.#failures;
  }

  add(report: Report): void {
    this.#queue.add(report);
    this.#schedule(LINGER_MS);
  }

  /** Finds out what became of messages that an earlier process may have sent. Resolves when all are known. */
  async settleEarlier(): Promise<void> {
    for (const row of this.store.prepared()) {
      const prepared = { id: row.id as TransactionId, bytes: row.bytes, validUntil: BigInt(row.validUntil) };
      if (await this.#deliver(prepared, row.results)) this.log.info({ id: row.id, results: row.results }, 'reported');
    }
  }

  /** Resolves when nothing waits any more. */
  flushed(): Promise<void> {
    if (this.pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#pump?.();
  }

  #schedule(delayMs: number): void {
    if (this.#pump !== undefined || this.#stopped) return;
    this.#pump = this.clock.at(this.clock.nowMs() + delayMs, () => {
      this.#pump = undefined;
      this.#sendReady();
    });
  }

  #sendReady(): void {
    while (this.#sending < IN_FLIGHT && !this.#stopped) {
      const parcel = this.#queue.takeParcel();
      if (parcel === undefined) break;
      this.#sending += 1;
      void this.#send(parcel).finally(() => {
        this.#sending -= 1;
        if (this.pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
        else this.#schedule(Math.max(0, this.#retryAtMs - this.clock.nowMs()));
      });
    }
  }

  async #send(parcel: Parcel): Promise<void> {
    const results = resultsOf(parcel);
    try {
      const records = parcel.reports.map(({ record }) => record);
      const [message] = packRecords(parcel.run, records);
      if (message === undefined) return;
      const prepared = await this.ledger.prepare(message);
      if (results.length > 0) await this.store.putPrepared(rowOf(prepared, results));
      // A result must not wait for what became of a mere `started`.
      const dispensable = records.every(({ type }) => type === 'started');
      if (await this.#deliver(prepared, results, dispensable)) this.#queue.arrived(parcel);
      else this.#queue.putBack(parcel);
    } catch (error) {
      this.#failed(error, 'a journal message could not be prepared');
      this.#queue.putBack(parcel);
    }
  }

  /** True when the message is on the journal, or may be and is dispensable; false when it certainly is not and never will be. */
  async #deliver(prepared: PreparedTransaction, results: readonly string[], dispensable = false): Promise<boolean> {
    while (!this.#stopped) {
      try {
        await this.ledger.execute(prepared);
        await this.store.settlePrepared(prepared.id, results);
        this.#backoffMs = 0;
        this.#retryAtMs = 0;
        this.onPosted(results);
        return true;
      } catch (error) {
        this.#failed(error, 'a journal message was not taken');
        const { code } = toGatepostError(error);
        if (code === 'LEDGER_REJECTED' || code === 'LEDGER_UNREACHABLE') {
          await this.store.settlePrepared(prepared.id, []);
          return false;
        }
        if (dispensable) return true;
        await new Promise<void>((resolve) => this.clock.at(this.#retryAtMs, resolve));
      }
    }
    return false;
  }

  /** Messages that fail together lengthen the pause, and are logged, once. */
  #failed(error: unknown, what: string): void {
    this.#failures += 1;
    const nowMs = this.clock.nowMs();
    if (nowMs < this.#retryAtMs) return;
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, this.#backoffMs * 2));
    this.#retryAtMs = nowMs + this.#backoffMs;
    const { code, message } = toGatepostError(error, 'LEDGER_UNREACHABLE');
    this.log.warn({ code, reason: message, retryInMs: this.#backoffMs, waiting: this.#queue.size }, what);
  }
}

const rowOf = (prepared: PreparedTransaction, results: readonly string[]): PreparedRow => ({
  id: prepared.id,
  bytes: prepared.bytes,
  validUntil: prepared.validUntil.toString(),
  results,
});
