import type { AccountId } from './ids.js';
import type { Nanos } from './time.js';

/** Who made a topic, and when: the one thing about a topic that no later transaction changes, unlike its keys. */
export interface TopicCreation {
  /** The account that paid for the transaction. */
  readonly by: AccountId;
  /** Its consensus timestamp. */
  readonly at: Nanos;
}

/**
 * Whether a topic was an account's own at a time: that account had created it by then. Whoever looks, and whenever,
 * comes to the same; keys would not do, since they can be changed, and several accounts can have the same one.
 */
export const isOwnTopic = (creation: TopicCreation | undefined, account: AccountId, at: Nanos): boolean =>
  creation !== undefined && creation.by === account && creation.at < at;
