import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { RecordWriter } from '@gatepost/party/ledger/record-writer';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { createLogger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { namesOf } from '@gatepost/shared/records/task-names';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { type AccountId, accountId, type TopicId, tokenId } from '@gatepost/shared/vocabulary/ids';

export const names = namesOf(['a', 'b', 'c', 'other']);
export const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });
export const REST_LAG_MS = 5_000;

export const started = (task: string): AnyRecord => ({ type: 'started', task, attempt: 1 });
export const assign = (task: string): AnyRecord => ({
  type: 'assign',
  task,
  attempt: 1,
  task_type: 'work',
  input_sha256: '0'.repeat(64),
  input_size: 1,
  deadline_ms: 1_900_000_000_000,
  price: '1',
  token: tokenId('0.0.1'),
});

/** More agents than one follows the inboxes of. */
const MANY = [2, 3, 4].map((number) => accountId(`0.0.900${number}`));

/** A network in memory with a coordinator, its journal and an agent. */
export class FeedStage {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly network = new MemoryNetwork({
    clock: this.clock,
    random: () => 0.5,
    conditions: { restLagMs: REST_LAG_MS },
  });
  readonly coordinator = this.network.ledger(this.network.createAccount());
  readonly agent = this.network.ledger(this.network.createAccount());
  readonly journal = this.network.createTopic(this.coordinator.account);

  readonly inbox = (): TopicId => this.network.createTopic(this.agent.account, this.coordinator.account);

  readonly write = async (by: Ledger, topic: TopicId, record: AnyRecord): Promise<void> => {
    for (const message of packRecords('run', [record], names)) {
      await by.execute(await by.prepare([{ kind: 'message', topic, message }]));
    }
    await this.clock.pass(1);
  };

  /**
   * The feed of one who knows who writes to the inboxes, the coordinator itself or another, with the topics that it read over
   * REST.
   * @param others agents that never say anything.
   */
  readonly ownFeed = (fillMs = 0, by: Ledger = this.coordinator, others: readonly AccountId[] = MANY) => {
    const { journal, coordinator, agent, clock } = this;
    const asked: string[] = [];
    const watched: Ledger = {
      account: by.account,
      nextTransactionId: () => by.nextTransactionId(),
      prepare: (...args) => by.prepare(...args),
      execute: (...args) => by.execute(...args),
      follow: (...args) => by.follow(...args),
      read: (topic, after) => {
        asked.push(topic);
        return by.read(topic, after);
      },
      messagesBy: (author, after) => by.messagesBy(author, after),
      resultOf: (id) => by.resultOf(id),
      isOfOwnSchedule: (...of) => by.isOfOwnSchedule(...of),
      topicCreation: (topic) => by.topicCreation(topic),
      topicsMadeBy: (makers) => by.topicsMadeBy(makers),
      waitingSchedules: () => by.waitingSchedules(),
      mirrorTime: () => by.mirrorTime(),
    };
    const own = new LedgerFeed(watched, journal, new Set([agent.account, ...others]), log, coordinator.account);
    own.nameTasks(names);
    const wait = () => ({ note: () => undefined, end: () => undefined });
    const writer = new RecordWriter(watched, clock, wait, names, undefined, own, fillMs);
    return { own, asked, writer };
  };
}
