import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { formatNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';

/** An agent says which inbox is its own. */
export interface Announcement {
  readonly author: AccountId;
  readonly at: Nanos;
  readonly inbox: TopicId;
}

/** Who made the topics that were looked up. What the mirror once showed of a creation never changes. */
export class TopicCreations {
  readonly #found = new Map<TopicId, TopicCreation>();
  /** Topics that were not there, and up to when. */
  readonly #absent = new Map<TopicId, Nanos>();

  /** Up to when the mirror is known to show things. */
  #shown: Nanos = -1n;

  constructor(readonly ledger: Pick<LedgerReader, 'mirrorTime' | 'topicCreation' | 'topicsMadeBy'>) {}

  /**
   * Asks the mirror who had made the inboxes by the time that they were announced, unless that is known: of all that their
   * announcers made at once, of others one by one. That nobody had is believed only of a mirror that shows that time: it
   * may lag the stream which brought the message.
   * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror does not show that time.
   */
  async lookUp(announcements: readonly Announcement[]): Promise<void> {
    const unknown = announcements.filter(
      ({ inbox, at }) => !this.#found.has(inbox) && at > (this.#absent.get(inbox) ?? -1n),
    );
    const [first] = unknown;
    if (first === undefined) return;
    let latest = first.at;
    for (const { at } of unknown) if (at > latest) latest = at;
    if (this.#shown < latest) this.#shown = await this.ledger.mirrorTime();
    const shown = this.#shown;
    if (shown < latest) {
      throw new GatepostError(
        'MIRROR_UNREACHABLE',
        `the mirror does not show yet what was there at ${formatNanos(latest)}`,
      );
    }
    const guesses = new Map(unknown.map(({ inbox, author }) => [inbox, author]));
    for (const [topic, creation] of await this.ledger.topicsMadeBy(guesses)) this.#found.set(topic, creation);
    for (const topic of guesses.keys()) {
      if (this.#found.has(topic)) continue;
      const creation = await this.ledger.topicCreation(topic);
      if (creation === undefined) this.#absent.set(topic, shown);
      else this.#found.set(topic, creation);
    }
  }

  /** What was found; undefined when the topic was not there. */
  of(topic: TopicId): TopicCreation | undefined {
    return this.#found.get(topic);
  }
}
