import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { isOfOwnSchedule } from '@gatepost/shared/hedera/schedules';
import { followTopic, readTopic } from '@gatepost/shared/hedera/topic-feed';
import { type Cursor, START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** How far one topic was read and what of it was not yet handed on. */
interface TopicReader {
  cursor: Cursor;
  readonly held: TopicMessage[];
}

const newReader = (): TopicReader => ({ cursor: START, held: [] });

/**
 * The records of a message; none, and a word in the log, when it is malformed.
 * @param ofOwnSchedule whether its author's own schedule posted it.
 */
export function recordsOf(message: TopicMessage, log: Logger, ofOwnSchedule = false): LedgerRecord[] {
  const { topic, sequenceNumber: sequence, consensusTimestamp: at, payer: author, chunk } = message;
  const decoded = chunk.total > 1 ? { malformed: 'in several chunks' } : unpackMessage(message.message);
  if ('malformed' in decoded) {
    log.warn({ topic, sequence, author, why: decoded.malformed }, 'message without effect');
    return [];
  }
  return decoded.records.map((record) => ({ at, author, topic, sequence, run: decoded.run, record, ofOwnSchedule }));
}

/**
 * One ordered stream of records out of the journal and the inboxes. The journal comes by subscription; inboxes, where
 * only the coordinator writes, are read back over REST, and only those that may hold something new. A record is handed
 * on when no earlier one can come any more: the order is the consensus order, as in a replay.
 */
export class LedgerFeed {
  readonly #journal = newReader();
  readonly #inboxes = new Map<TopicId, TopicReader>();
  readonly #streamed: TopicMessage[] = [];
  /** What the mirror said of messages with a `lapsed` record, by consensus timestamp. */
  readonly #ofOwnSchedule = new Map<Nanos, boolean>();

  constructor(
    readonly connection: Connection,
    readonly journal: TopicId,
    /** Those whose word counts. */
    readonly agents: ReadonlySet<AccountId>,
    readonly log: Logger,
  ) {}

  /** Subscribes from where the reading stands; `wake` is called when something came. */
  async follow(signal: AbortSignal, wake: () => void): Promise<void> {
    for await (const message of followTopic(this.connection, this.journal, this.#journal.cursor, signal, this.log)) {
      this.#streamed.push(message);
      wake();
    }
  }

  /** Whether the subscription brought something that was not read yet. */
  get hasNews(): boolean {
    return this.#streamed.length > 0;
  }

  /** Everything on the journal up to now, not yet handed on: for a look ahead at the start. */
  async peekJournal(): Promise<LedgerRecord[]> {
    await this.#readJournal();
    return this.#journal.held.flatMap((message) => recordsOf(message, this.log));
  }

  /**
   * Records that have come into sight since, in consensus order.
   * @param inboxes those on which something of ours may have appeared.
   */
  async read(inboxes: Iterable<TopicId>): Promise<LedgerRecord[]> {
    this.#takeStreamed();
    const open = [...inboxes];
    await this.#readInboxes(open);
    const newest = this.#newestHeld(open);
    if (newest > this.#journal.cursor.consensusTimestamp) {
      // What the journal says up to there is on the mirror by now, and so is what the inboxes say up to its end.
      await this.#readJournal();
      await this.#readInboxes(open);
    }
    await this.#lookUpSchedules();
    return this.#handOn(newest);
  }

  /** Before a message that may say of an agent that it lapsed is handed on, the mirror is asked who had it posted. */
  async #lookUpSchedules(): Promise<void> {
    for (const { message, payer, consensusTimestamp: at } of this.#journal.held) {
      if (this.#ofOwnSchedule.has(at) || !this.agents.has(payer) || !message.includes('"lapsed"')) continue;
      this.#ofOwnSchedule.set(at, await isOfOwnSchedule(this.connection.mirror, payer, at));
    }
  }

  /** Whether the mirror already shows a record of the coordinator's own on the journal that was not handed on yet. */
  async shows(matches: (entry: LedgerRecord) => boolean): Promise<boolean> {
    for await (const message of readTopic(this.connection, this.journal, this.#journal.cursor)) {
      if (message.payer === this.connection.account && recordsOf(message, this.log).some(matches)) return true;
    }
    return false;
  }

  #takeStreamed(): void {
    for (const message of this.#streamed.splice(0)) take(this.#journal, message);
  }

  async #readJournal(): Promise<void> {
    for await (const message of readTopic(this.connection, this.journal, this.#journal.cursor))
      take(this.#journal, message);
  }

  async #readInboxes(topics: readonly TopicId[]): Promise<void> {
    await Promise.all(
      topics.map(async (topic) => {
        const reader = this.#inboxes.get(topic) ?? newReader();
        this.#inboxes.set(topic, reader);
        for await (const message of readTopic(this.connection, topic, reader.cursor)) take(reader, message);
      }),
    );
  }

  #newestHeld(topics: readonly TopicId[]): Nanos {
    let newest = 0n;
    for (const topic of topics) {
      const last = this.#inboxes.get(topic)?.held.at(-1)?.consensusTimestamp ?? 0n;
      if (last > newest) newest = last;
    }
    return newest;
  }

  #handOn(inboxesUntil: Nanos): LedgerRecord[] {
    let until = this.#journal.cursor.consensusTimestamp;
    if (inboxesUntil > until) until = inboxesUntil;
    const ready: TopicMessage[] = [];
    for (const { held } of [this.#journal, ...this.#inboxes.values()]) {
      const later = held.findIndex(({ consensusTimestamp }) => consensusTimestamp > until);
      ready.push(...held.splice(0, later < 0 ? held.length : later));
    }
    ready.sort((a, b) => (a.consensusTimestamp < b.consensusTimestamp ? -1 : 1));
    return ready.flatMap((message) => {
      const ofOwnSchedule = this.#ofOwnSchedule.get(message.consensusTimestamp);
      this.#ofOwnSchedule.delete(message.consensusTimestamp);
      return recordsOf(message, this.log, ofOwnSchedule);
    });
  }
}

function take(reader: TopicReader, message: TopicMessage): void {
  if (message.sequenceNumber <= reader.cursor.sequenceNumber) return;
  reader.cursor = { sequenceNumber: message.sequenceNumber, consensusTimestamp: message.consensusTimestamp };
  reader.held.push(message);
}
