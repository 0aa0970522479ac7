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
  /** Tinybar charged so far, by the mirror's name of the transaction; as of the last reading. */
  readonly tinybar = new Map<string, bigint>();
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
    const byName = new Map<string, bigint>();
    for await (const {
      consensus_timestamp: at,
      transaction_id: id,
      name,
      charged_tx_fee: fee,
    } of mirror.transactionsOf(account, from)) {
      next = at + 1n;
      if (!id.startsWith(`${account}-`)) continue;
      tinybar += fee;
      byName.set(name, (byName.get(name) ?? 0n) + fee);
    }
    // A reading that breaks off is repeated from its beginning: nothing of it counts before its end.
    for (const [name, fee] of byName) this.tinybar.set(name, (this.tinybar.get(name) ?? 0n) + fee);
    this.#next = next;
    this.#usd += usdOf(fromTinybar(tinybar, rate));
  }
}
