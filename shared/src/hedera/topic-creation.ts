import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
import { type AccountId, accountId, type TopicId } from '../vocabulary/ids.js';
import { formatNanos, type Nanos } from '../vocabulary/time.js';
import type { TopicCreation } from '../vocabulary/topic-creation.js';
import { type MirrorRest, type MirrorTopic, type MirrorTransaction, MOST_AT_ONCE } from './mirror-rest.js';

/** Most pages of creations that are read for one group of accounts: public mirrors look back two months with each. */
const MAX_PAGES = 10;

/**
 * Of topics, those that the mirror readily shows to have been made by whom is named: some requests for hundreds of them.
 * One that is left out may have been made by that account all the same; `topicCreation` tells.
 * @param makers by topic.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function topicsMadeBy(
  mirror: MirrorRest,
  makers: ReadonlyMap<TopicId, AccountId>,
): Promise<ReadonlyMap<TopicId, TopicCreation>> {
  const made = new Map<TopicId, TopicCreation>();
  const topics = [...makers];
  for (let at = 0; at < topics.length; at += MOST_AT_ONCE) {
    const wanted = new Map(topics.slice(at, at + MOST_AT_ONCE));
    for await (const page of mirror.topicCreationsOf([...new Set(wanted.values())], MAX_PAGES)) {
      for (const { entity_id, transaction_id, consensus_timestamp } of page) {
        const topic = entity_id as TopicId | null;
        const by = topic === null ? undefined : wanted.get(topic);
        if (topic === null || by === undefined || !transaction_id.startsWith(`${by}-`)) continue;
        made.set(topic, { by, at: consensus_timestamp });
        wanted.delete(topic);
      }
      if (wanted.size === 0) break;
    }
  }
  return made;
}

/**
 * Who made a topic, as the mirror shows it: the payer of the transaction at its creation. Undefined for an id that is no
 * topic's, and for a topic of which the mirror does not know when it was made.
 * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror shows the topic but not that transaction.
 */
export async function topicCreation(mirror: MirrorRest, topic: TopicId): Promise<TopicCreation | undefined> {
  let shown: MirrorTopic;
  try {
    shown = await mirror.topic(topic);
  } catch (error) {
    const { code, meta } = toGatepostError(error);
    // An id beyond all that there can be is a bad request.
    if (code === 'NOT_FOUND' || meta.status === 400) return undefined;
    throw error;
  }
  const at = shown.created_timestamp;
  if (at === null) return undefined;
  const made = await shownCreation(mirror, at);
  if (made === undefined) {
    throw new GatepostError(
      'MIRROR_UNREACHABLE',
      `the mirror shows topic ${topic} of ${formatNanos(at)}, but not its cause`,
    );
  }
  return made;
}

/**
 * Who made what was created at a time; undefined when the mirror does not show that transaction.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function shownCreation(mirror: MirrorRest, at: Nanos): Promise<TopicCreation | undefined> {
  let made: MirrorTransaction | undefined;
  try {
    made = await mirror.transactionAt(at);
  } catch (error) {
    if (toGatepostError(error).code !== 'NOT_FOUND') throw error;
  }
  const [payer] = made?.transaction_id.split('-') ?? [];
  return payer === undefined ? undefined : { by: accountId(payer), at };
}
