import type { Clock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type ExchangeRate, fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { type TransactionId, transactionIdFromMirror } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import type { Fees } from '../run/run-desk.js';

const PAUSE_MS = 1_000;
/** How long a rate is taken for the present one: the network changes it once an hour. */
const RATE_MS = 60_000;
/** So long after its beginning no transaction is taken any more, whatever its window; it is remembered until then. */
const LONGEST_VALID: Nanos = 180n * NANOS_PER_SECOND;

/** What one run was charged, as far as it was read. */
interface Account {
  readonly run: string;
  usd: number;
  /** Where the reading goes on; undefined until the run was opened. */
  next: Nanos | undefined;
}

/**
 * What the coordinator's account was really charged since its runs were opened, as the mirror shows it: one reading for
 * all runs. What is not known to be another run's counts for every run, so that none exceeds its budget.
 */
export class FeeMeter {
  /** Tinybar charged since the first run was followed, by the mirror's name of the transaction; as of the last reading. */
  readonly tinybar = new Map<string, bigint>();
  readonly #accounts = new Map<string, Account>();
  /** Whose the transactions are that this process has made of late, while any run's are read. */
  readonly #runs = new Map<TransactionId, string>();
  #counted: Nanos = 0n;
  #readMs = 0;
  #reading = false;
  #rate: { readonly rate: ExchangeRate; readonly readMs: number } | undefined;

  constructor(
    readonly connection: Pick<Connection, 'mirror' | 'account'>,
    readonly clock: Clock,
    readonly log: Logger,
  ) {}

  /** The fees of one run; they lag the ledger, and are read on in the background, at most once a second. */
  of(run: string): Fees {
    const account: Account = { run, usd: 0, next: undefined };
    this.#accounts.set(run, account);
    return {
      get usd() {
        return account.usd;
      },
      follow: (openedAt) => {
        account.next ??= openedAt;
        this.#follow();
      },
    };
  }

  /** The run is followed no more. */
  forget(run: string): void {
    this.#accounts.delete(run);
    if (this.#followed.length === 0) this.#runs.clear();
  }

  get #followed(): readonly Account[] {
    return [...this.#accounts.values()].filter(({ next }) => next !== undefined);
  }

  /** Transactions whose run is remembered. */
  get remembered(): number {
    return this.#runs.size;
  }

  /** The same ledger, and what is made with it is known to be of a run. */
  ledgerOf(run: string, ledger: Ledger): Ledger {
    const note = (id: TransactionId): void => {
      // What nobody reads would be remembered for ever, and a run alone has nobody to be told apart from.
      if (this.#accounts.size > 1 && this.#followed.length > 0) this.#runs.set(id, run);
    };
    return {
      ...ledger,
      prepare: async (actions, options) => {
        const prepared = await ledger.prepare(actions, options);
        note(prepared.id);
        if (options?.firstId !== undefined) note(options.firstId);
        return prepared;
      },
    };
  }

  #follow(): void {
    if (this.#reading || this.clock.nowMs() - this.#readMs < PAUSE_MS) return;
    this.#reading = true;
    void this.#read()
      .catch((thrown: unknown) => this.log.debug(`fees not read: ${toGatepostError(thrown).message}`))
      .finally(() => {
        this.#reading = false;
        this.#readMs = this.clock.nowMs();
      });
  }

  async #presentRate(): Promise<ExchangeRate> {
    const nowMs = this.clock.nowMs();
    if (this.#rate === undefined || nowMs - this.#rate.readMs >= RATE_MS) {
      this.#rate = { rate: await this.connection.mirror.exchangeRate(), readMs: nowMs };
    }
    return this.#rate.rate;
  }

  async #read(): Promise<void> {
    const { mirror, account: payer } = this.connection;
    const followed = this.#followed;
    const from = followed.reduce((least, { next = 0n }) => (next < least ? next : least), followed[0]?.next ?? 0n);
    if (followed.length === 0) return;
    const rate = await this.#presentRate();
    let end = from;
    const charges: { at: Nanos; name: string; fee: bigint; run: string | undefined }[] = [];
    for await (const entry of mirror.transactionsOf(payer, from)) {
      const { consensus_timestamp: at, transaction_id: mirrored, name, charged_tx_fee: fee } = entry;
      end = at + 1n;
      if (!mirrored.startsWith(`${payer}-`)) continue;
      charges.push({ at, name, fee, run: this.#runs.get(transactionIdFromMirror(mirrored)) });
    }
    // A reading that breaks off is repeated from its beginning: nothing of it counts before its end.
    for (const { at, name, fee, run } of charges) {
      if (at >= this.#counted) this.tinybar.set(name, (this.tinybar.get(name) ?? 0n) + fee);
      for (const account of followed) {
        const isOthers = run !== undefined && run !== account.run;
        if (!isOthers && at >= (account.next ?? 0n)) account.usd += usdOf(fromTinybar(fee, rate));
      }
    }
    if (end > this.#counted) this.#counted = end;
    for (const account of followed) if (end > (account.next ?? 0n)) account.next = end;
    for (const id of this.#runs.keys()) {
      // A run that is followed a little later reads the same again; what is older is of nobody's any more.
      if (parseNanos(id.split('@')[1] ?? '') + LONGEST_VALID < end) this.#runs.delete(id);
    }
  }
}
