import type { Clock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

const PAUSE_MS = 1_000;

/** What the coordinator's account was really charged since a run was opened, in US dollars, as the mirror shows it. */
export class FeeMeter {
  #usd = 0;
  #next: Nanos | undefined;
  #readMs = 0;
  #reading = false;

  constructor(
    readonly connection: Connection,
    readonly clock: Clock,
    readonly log: Logger,
  ) {}

  /** As of the last reading; it lags the ledger. */
  get usd(): number {
    return this.#usd;
  }

  /** Reads on in the background, at most once a second. */
  follow(openedAt: Nanos): void {
    if (this.#reading || this.clock.nowMs() - this.#readMs < PAUSE_MS) return;
    this.#reading = true;
    void this.#read(this.#next ?? openedAt)
      .catch((thrown: unknown) => this.log.debug(`fees not read: ${toGatepostError(thrown).message}`))
      .finally(() => {
        this.#reading = false;
        this.#readMs = this.clock.nowMs();
      });
  }

  async #read(from: Nanos): Promise<void> {
    const { mirror, account } = this.connection;
    const rate = await mirror.exchangeRate();
    let tinybar = 0n;
    let next = from;
    for await (const entry of mirror.transactionsOf(account, from)) {
      next = entry.consensus_timestamp + 1n;
      if (entry.transaction_id.startsWith(`${account}-`)) tinybar += entry.charged_tx_fee;
    }
    this.#next = next;
    this.#usd += usdOf(fromTinybar(tinybar, rate));
  }
}
