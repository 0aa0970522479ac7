import { LedgerFeed, type Look } from '@gatepost/party/ledger/ledger-feed';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** A feed that says when it hands on a record after a later one. */
export class OrderedFeed extends LedgerFeed {
  /** Told of a record that came too late. */
  onDisorder: (entry: LedgerRecord, after: Nanos) => void = () => undefined;
  #last: Nanos = 0n;

  override async read(inboxes: Iterable<TopicId>, look?: Look): Promise<LedgerRecord[]> {
    const records = await super.read(inboxes, look);
    for (const entry of records) {
      if (entry.at < this.#last) this.onDisorder(entry, this.#last);
      else this.#last = entry.at;
    }
    return records;
  }
}
