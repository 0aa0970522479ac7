import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
import { type AccountId, accountId, type TopicId } from '../vocabulary/ids.js';
import { formatNanos, type Nanos } from '../vocabulary/time.js';
import type { TopicCreation } from '../vocabulary/topic-creation.js';
import type { MirrorRest, MirrorTopic, MirrorTransaction } from './mirror-rest.js';

/**
 * Who made a topic, as the mirror shows it: the payer of the transaction at its creation. Undefined for an id that is no
 * topic's, and for a topic of which the mirror does not know when it was made.
 * @param guess who it probably was: one request tells when that is right.
 * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror shows the topic but not that transaction.
 */
export async function topicCreation(
  mirror: MirrorRest,
  topic: TopicId,
  guess?: AccountId,
): Promise<TopicCreation | undefined> {
  const guessed = guess === undefined ? undefined : await mirror.topicMadeBy(guess, topic);
  if (guess !== undefined && guessed !== undefined) return { by: guess, at: guessed };
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
