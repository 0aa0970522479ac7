import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { formatNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';

/** Who made the topics that were looked up. What the mirror once showed of a creation never changes. */
export class TopicCreations {
  readonly #found = new Map<TopicId, TopicCreation>();
  /** Topics that were not there, and up to when. */
  readonly #absent = new Map<TopicId, Nanos>();

  /** Up to when the mirror is known to show things. */
  #shown: Nanos = -1n;

  constructor(readonly ledger: Pick<LedgerReader, 'mirrorTime' | 'topicCreation'>) {}

  /**
   * Asks the mirror who had made a topic by a time, unless that is known. That nobody had is believed only of a mirror
   * that shows that time: it may lag the stream which brought the message.
   * @param guess who it probably was.
   * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror does not show that time.
   */
  async lookUp(topic: TopicId, by: Nanos, guess: AccountId): Promise<void> {
    if (this.#found.has(topic) || by <= (this.#absent.get(topic) ?? -1n)) return;
    if (this.#shown < by) this.#shown = await this.ledger.mirrorTime();
    const shown = this.#shown;
    if (shown < by) {
      throw new GatepostError(
        'MIRROR_UNREACHABLE',
        `the mirror does not show yet what was there at ${formatNanos(by)}`,
      );
    }
    const creation = await this.ledger.topicCreation(topic, guess);
    if (creation === undefined) this.#absent.set(topic, shown);
    else this.#found.set(topic, creation);
  }

  /** What was found; undefined when the topic was not there. */
  of(topic: TopicId): TopicCreation | undefined {
    return this.#found.get(topic);
  }
}
