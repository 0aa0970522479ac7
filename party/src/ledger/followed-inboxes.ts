import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';

/** Inboxes that are followed at most; the public mirror takes five subscriptions, one of them the journal's. */
export const MOST_FOLLOWED = 3;

/** Subscriptions to inboxes, for as long as a signal allows. */
export class FollowedInboxes {
  readonly #topics = new Set<TopicId>();
  #signal: AbortSignal | undefined;

  constructor(
    private readonly ledger: Pick<LedgerReader, 'follow'>,
    private readonly log: Logger,
    /** Takes what comes, each inbox's messages in order. */
    private readonly heard: (message: TopicMessage) => void,
  ) {}

  get topics(): ReadonlySet<TopicId> {
    return this.#topics;
  }

  /** From now on inboxes may be followed. */
  begin(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** Subscribes to an inbox from a place on, unless it is followed, there are enough, or none may be yet. */
  add(inbox: TopicId, after: Cursor): void {
    if (this.#signal === undefined || this.#topics.has(inbox) || this.#topics.size >= MOST_FOLLOWED) return;
    this.#topics.add(inbox);
    void this.#follow(inbox, after, this.#signal);
  }

  async #follow(inbox: TopicId, after: Cursor, signal: AbortSignal): Promise<void> {
    try {
      for await (const message of this.ledger.follow(inbox, after, signal)) this.heard(message);
    } catch (thrown) {
      this.log.warn({ inbox }, `${toGatepostError(thrown).message}; it is read over REST until it is written to again`);
    } finally {
      this.#topics.delete(inbox);
    }
  }
}
