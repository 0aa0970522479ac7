import { reachDirectly } from '../config/environment.js';
import type { NetworkConfig } from '../config/network.js';
import type { LedgerReader } from '../ledger/ledger.js';
import type { Logger } from '../log.js';
import type { AccountId } from '../vocabulary/ids.js';
import { messagesBy } from './messages-by.js';
import { MirrorRest } from './mirror-rest.js';
import { isOfOwnSchedule } from './own-schedule.js';
import { topicCreation, topicsMadeBy } from './topic-creation.js';
import { followTopic, readTopic } from './topic-feed.js';

/** A network as its mirror shows it to anybody: without a key, and without the SDK. */
export interface MirrorReader extends LedgerReader {
  readonly network: NetworkConfig;
  readonly mirror: MirrorRest;
}

/** @param account whose journal is read. Nothing is sent. */
export function mirrorReader(network: NetworkConfig, account: AccountId, log: Logger): MirrorReader {
  const mirror = new MirrorRest(network);
  reachDirectly(network.mirrorGrpc);
  return {
    account,
    network,
    mirror,
    follow: (topic, after, signal) => followTopic({ network, mirror }, topic, after, signal, log),
    read: (topic, after) => readTopic(mirror, topic, after),
    messagesBy: (author, after) => messagesBy(mirror, author, after),
    isOfOwnSchedule: (author, at) => isOfOwnSchedule(mirror, author, at),
    topicCreation: (topic) => topicCreation(mirror, topic),
    topicsMadeBy: (makers) => topicsMadeBy(mirror, makers),
    mirrorTime: () => mirror.now(),
  };
}
