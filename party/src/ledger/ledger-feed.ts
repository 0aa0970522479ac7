import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { mayHold } from '@gatepost/rules/verify/decode';
import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import type { TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { type DecodedMessage, type MalformedMessage, unpackMessage } from '@gatepost/shared/records/codec';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import type { AccountId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { isOwnTopic } from '@gatepost/shared/vocabulary/topic-creation';
import { FollowedInboxes, MOST_FOLLOWED } from './followed-inboxes.js';
import { type Announcement, TopicCreations } from './topic-creations.js';
import { newestShown, newReader, show, type TopicReader, take } from './topic-reader.js';
import { WithoutEffect } from './without-effect.js';
import { type ListedMessage, WriterList, type WrittenMessage } from './writer-list.js';

/** Whether the assignment of an attempt is still on its way into sight. */
type Awaits = (run: string | undefined, task: string, attempt: number) => boolean;

/** How to read. */
export interface Look {
  /**
   * `stream`: the journal as its subscription brings it. `list`: the same, and the list of own messages. `catch-up`: over
   * REST as well, for a subscription that stands still. `rest`: over REST alone, so that the inboxes, read after it, hold
   * all that came before its end.
   */
  readonly by?: 'stream' | 'list' | 'catch-up' | 'rest';
  readonly awaits?: Awaits;
}

const noneAwaited: Awaits = () => false;

/**
 * One ordered stream of records out of the journal and the inboxes. The journal comes by subscription. An inbox, where
 * only what the coordinator writes counts, is read once over REST, or never where the list of the coordinator's messages has
 * none for it since it was made; from then on the coordinator's feed knows what it wrote there, and that list, one for all
 * inboxes, tells that it stands and when. Only an inbox with something in the list that this process did not write, or of
 * which it has no receipt, is read again, until what was listed is there. Where there are few agents, inboxes that this process
 * writes to are followed as well, so that the list need not be asked for. A record is handed on when no earlier one
 * can come any more: the order is the consensus order, as in a replay. What was heard before a message of ours was sent is
 * earlier than it; so a journal whose stream alone is read is held back only behind messages of ours that were sent before
 * it was heard, and that the list does not show yet.
 */
export class LedgerFeed {
  readonly #journal = newReader();
  readonly #inboxes = new Map<TopicId, TopicReader>();
  /** Messages that nobody who may write here has written, or that say nothing. */
  readonly ignored: WithoutEffect;
  readonly #streamed: TopicMessage[] = [];
  /** What the mirror said of messages with a `lapsed` record, by consensus timestamp. */
  readonly #ofOwnSchedule = new Map<Nanos, boolean>();
  readonly #creations: TopicCreations;
  /** Undefined for who reads all inboxes each time. */
  readonly #list: WriterList | undefined;
  /** Whether this account is who writes to the inboxes. */
  readonly #isWriter: boolean;
  /** When the newest message to an inbox was that the list has. */
  readonly #listed = new Map<TopicId, Nanos>();
  /** Inboxes of which something is not known and that are to be read. */
  readonly #toRead = new Set<TopicId>();
  /** Inboxes that are followed, and whom to call when one of them may let the journal's news be handed on. */
  readonly #followed: FollowedInboxes;
  #wake = (): void => undefined;
  #names: TaskNames | undefined;
  readonly #namesOf = new Map<string, TaskNames>();
  /** What messages say that are looked at more than once. */
  #read = new WeakMap<TopicMessage, DecodedMessage | MalformedMessage>();

  constructor(
    readonly ledger: LedgerReader,
    readonly journal: TopicId,
    /** Those whose word counts. */
    readonly agents: ReadonlySet<AccountId>,
    log: Logger,
    /** The account whose messages count on inboxes; who does not name it reads them all each time. */
    inboxWriter?: AccountId,
  ) {
    this.ignored = new WithoutEffect(log);
    this.#creations = new TopicCreations(ledger);
    this.#list = inboxWriter === undefined ? undefined : new WriterList(ledger, inboxWriter);
    this.#isWriter = inboxWriter === ledger.account;
    this.#followed = new FollowedInboxes(ledger, log, (message) => this.#takeHeard(message));
  }

  /** Names tasks by the ids of the plan whose run is folded from now on; before, they are named as messages have them. */
  nameTasks(names: TaskNames): void {
    this.#names = names;
    this.#read = new WeakMap();
  }

  /** The same for one run of several, each of a plan of its own. */
  nameTasksOf(run: string, names: TaskNames): void {
    this.#namesOf.set(run, names);
    this.#read = new WeakMap();
  }

  /** Subscribes from where the reading stands; `wake` is called when something came. */
  async follow(signal: AbortSignal, wake: () => void): Promise<void> {
    this.#followed.begin(signal);
    this.#wake = wake;
    for await (const message of this.ledger.follow(this.journal, this.#journal.cursor, signal)) {
      this.#streamed.push(message);
      wake();
    }
  }

  /** A message of an inbox was heard. What cannot be placed is read over REST, or is being read there. */
  #takeHeard(message: TopicMessage): void {
    const { topic, sequenceNumber } = message;
    const reader = this.#inboxes.get(topic);
    if (reader === undefined || this.#toRead.has(topic)) return;
    if (sequenceNumber > reader.cursor.sequenceNumber + 1) this.#toRead.add(topic);
    else take(reader, message);
    this.#list?.forgetRead(this.#knownOf);
    if (this.heldBack !== undefined) this.#wake();
  }

  /** A message of this process is about to be sent. */
  sending(id: TransactionId, topic: TopicId): void {
    if (topic === this.journal) return;
    const reader = this.#inboxes.get(topic);
    if (reader !== undefined && this.#isWriter && this.agents.size <= MOST_FOLLOWED) {
      this.#followed.add(topic, reader.cursor);
    }
    const heard = this.#streamed.at(-1)?.sequenceNumber ?? 0;
    this.#list?.sending(id, topic, Math.max(heard, this.#journal.cursor.sequenceNumber));
  }

  /** The network took it: its inbox need not be read for it. */
  sent(written: WrittenMessage): void {
    if (written.topic !== this.journal) this.#list?.sent(written, this.#knownOf(written.topic));
  }

  /** The number of the newest message of an inbox that was read. */
  #knownOf = (inbox: TopicId): number => this.#inboxes.get(inbox)?.cursor.sequenceNumber ?? 0;

  /** It did not and will not reach its topic. */
  unsent(id: TransactionId): void {
    this.#list?.unsent(id);
  }

  /** Inboxes to which something was sent that the mirror does not show yet, whoever of this process sent it. */
  get sentTo(): Iterable<TopicId> {
    return this.#list?.sentTo ?? [];
  }

  /** Whether the list of own messages may tell something that is not known yet. */
  get isListBehind(): boolean {
    return this.#list?.isBehind(this.#followed.topics) === true || this.#toRead.size > 0;
  }

  /** The first message of the journal, by sequence number, that is here and could not be handed on. */
  get heldBack(): number | undefined {
    return this.#journal.held[0]?.sequenceNumber;
  }

  /** Whether the subscription brought something that was not read yet. */
  get hasNews(): boolean {
    return this.#streamed.length > 0;
  }

  /**
   * Everything on the journal up to now, not yet handed on: for a look ahead at the start. It is decoded as one goes through
   * it, so that of a long journal there are only the messages.
   * @param kinds of records that are asked for; messages that can hold none of them are left out. All when left out.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async peekJournal(kinds?: Parameters<typeof mayHold>[1]): Promise<Iterable<LedgerRecord>> {
    await this.#readJournal();
    return this.#peeked(kinds);
  }

  *#peeked(kinds: Parameters<typeof mayHold>[1] | undefined): Generator<LedgerRecord> {
    for (const message of this.#journal.held) {
      if (kinds === undefined || mayHold({ content: message.message }, kinds)) yield* this.#recordsOnce(message);
    }
    this.ignored.tell();
  }

  /**
   * Everything up to now that was not yet handed on, of the journal and of all inboxes announced on it, in consensus order.
   * It is decoded as one goes through it.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async history(): Promise<Iterable<LedgerRecord>> {
    await this.#readJournal();
    return this.#told(await this.#readReady(await this.#announced(), {}));
  }

  /**
   * Inboxes that come into sight with what is not handed on yet; there may be work on them that another process gave
   * out. What is announced by somebody who did not create it is not looked at.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async #announced(): Promise<TopicId[]> {
    await this.#lookUpCreations();
    return this.#announcements()
      .filter((online) => this.#isOwn(online))
      .map(({ inbox }) => inbox);
  }

  /**
   * Records that have come into sight since, in consensus order.
   * @param inboxes those on which something of ours may have appeared.
   * @param look how to read; `awaits` says of which attempts nothing may be handed on yet.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async read(inboxes: Iterable<TopicId>, look: Look = {}): Promise<LedgerRecord[]> {
    return [...this.#told(await this.#readReady(inboxes, look))];
  }

  /** Reads on, and says of which messages no earlier one can come any more. */
  async #readReady(
    inboxes: Iterable<TopicId>,
    { by = 'stream', awaits = noneAwaited }: Look,
  ): Promise<readonly TopicMessage[]> {
    // What REST does not show yet is taken from the stream later: nothing that came is dropped.
    if (by !== 'rest') this.#takeStreamed();
    if (by === 'catch-up') await this.#readJournal();
    let end = by === 'rest' ? await this.#readJournalByRest() : this.#journal.cursor.consensusTimestamp;
    const open = [...new Set([...inboxes, ...(by === 'rest' ? await this.#announced() : [])])];
    await this.#readInboxes(open);
    const newest = by === 'list' ? 0n : this.#newestHeld(open);
    if (newest > this.#journal.cursor.consensusTimestamp) {
      // What the journal says up to there is on the mirror by now, and so is what the inboxes say up to its end.
      await this.#readJournal();
      await this.#readInboxes(open);
      end = this.#journal.cursor.consensusTimestamp;
    }
    await this.#lookUpSchedules();
    await this.#lookUpCreations();
    const isByStream = this.#isWriter && by !== 'rest' && newest === 0n;
    return this.#ready(isByStream ? this.#unhindered() : newest > end ? newest : end, awaits);
  }

  /** Reads the journal, and says up to when REST shows everything: what was heard before may be later than that. */
  async #readJournalByRest(): Promise<Nanos> {
    const { cursor, held } = this.#journal;
    const heard = held.length > 0;
    await this.#readJournal();
    const end = this.#journal.cursor.consensusTimestamp;
    if (!heard || this.#journal.cursor.sequenceNumber > cursor.sequenceNumber) return end;
    const shown = await this.ledger.mirrorTime();
    if (shown < end) return shown;
    return end;
  }

  /** The time up to which the journal, as it was heard, can have nothing of ours before it that is not known. */
  #unhindered(): Nanos {
    if (this.#toRead.size > 0) return 0n;
    const sentAfter = this.#list?.unlistedSince;
    if (sentAfter === undefined) return this.#journal.cursor.consensusTimestamp;
    const earlier = this.#journal.held.findLast(({ sequenceNumber }) => sequenceNumber <= sentAfter);
    return earlier?.consensusTimestamp ?? 0n;
  }

  #announcements(): Announcement[] {
    return this.#journal.held.flatMap((message) => {
      if (!this.agents.has(message.payer) || !message.message.includes('"online"')) return [];
      return this.#recordsOf(message, undefined).flatMap(({ record, author, at }) =>
        record.type === 'online' ? [{ author, at, inbox: record.inbox as TopicId }] : [],
      );
    });
  }

  /** Before an announcement is handed on, the mirror is asked who made the inbox. */
  async #lookUpCreations(): Promise<void> {
    await this.#creations.lookUp(this.#announcements());
  }

  #isOwn({ author, inbox, at }: Announcement): boolean {
    return isOwnTopic(this.#creations.of(inbox), author, at);
  }

  /** Before a message that may say of an agent that it lapsed is handed on, the mirror is asked who had it posted. */
  async #lookUpSchedules(): Promise<void> {
    for (const { message, payer, consensusTimestamp: at } of this.#journal.held) {
      if (this.#ofOwnSchedule.has(at) || !this.agents.has(payer) || !message.includes('"lapsed"')) continue;
      this.#ofOwnSchedule.set(at, await this.ledger.isOfOwnSchedule(payer, at));
    }
  }

  /**
   * The coordinator's own records that the mirror shows on the journal by now and that were not handed on yet.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async ahead(): Promise<LedgerRecord[]> {
    // What the subscription brought stays where it is: `read` takes it once it reads the inboxes as far.
    const { cursor, held } = this.#journal;
    const known: TopicReader = { cursor, shownUntil: 0n, held: [...held] };
    for (const message of this.#streamed) take(known, message);
    for await (const message of this.ledger.read(this.journal, known.cursor)) take(known, message);
    const own = known.held.filter(({ payer }) => payer === this.ledger.account);
    return own.flatMap((message) => this.#recordsOf(message, undefined));
  }

  /** Whether an agent reports on an attempt whose assignment did not come into sight yet: REST may lag the stream. */
  #speaksOf(message: TopicMessage, awaits: Awaits): boolean {
    if (!this.agents.has(message.payer)) return false;
    const decoded = this.#decode(message);
    if ('malformed' in decoded) return false;
    return decoded.records.some(
      (record) =>
        (record.type === 'started' || record.type === 'result') && awaits(decoded.run, record.task, record.attempt),
    );
  }

  #holdsAssignment(run: string | undefined, task: string, attempt: number): boolean {
    return [...this.#inboxes.values()].some(({ held }) =>
      held.some((message) => {
        const decoded = this.#decode(message);
        if ('malformed' in decoded || decoded.run !== run) return false;
        return decoded.records.some((one) => one.type === 'assign' && one.task === task && one.attempt === attempt);
      }),
    );
  }

  #decode(message: TopicMessage): DecodedMessage | MalformedMessage {
    const before = this.#read.get(message);
    if (before !== undefined) return before;
    const isChunk = message.chunk.total > 1;
    const decoded = isChunk ? { malformed: 'in several chunks' } : unpackMessage(message.message, this.#namesFor);
    this.#read.set(message, decoded);
    return decoded;
  }

  #namesFor = (run: string | undefined): TaskNames | undefined => this.#namesOf.get(run ?? '') ?? this.#names;

  /** The records of a message; none when it is malformed, which is noted. */
  #recordsOf(message: TopicMessage, ignored: WithoutEffect | undefined): LedgerRecord[] {
    const { topic, sequenceNumber: sequence, consensusTimestamp: at, payer: author } = message;
    const decoded = this.#decode(message);
    if ('malformed' in decoded) {
      ignored?.note(topic, sequence, author, decoded.malformed);
      return [];
    }
    return decoded.records.map((record) => ({ at, author, topic, sequence, run: decoded.run, record }));
  }

  /** The records of a message that is not looked at again soon: what it says is not kept. */
  #recordsOnce(message: TopicMessage): LedgerRecord[] {
    const records = this.#recordsOf(message, this.ignored);
    this.#read.delete(message);
    return records;
  }

  #takeStreamed(): void {
    for (const message of this.#streamed.splice(0)) take(this.#journal, message);
  }

  async #readJournal(): Promise<void> {
    for await (const message of this.ledger.read(this.journal, this.#journal.cursor)) take(this.#journal, message);
    const { sequenceNumber } = this.#journal.cursor;
    const later = this.#streamed.findIndex((message) => message.sequenceNumber > sequenceNumber);
    this.#streamed.splice(0, later < 0 ? this.#streamed.length : later);
  }

  async #readInboxes(topics: readonly TopicId[]): Promise<void> {
    if (topics.length === 0) return;
    const list = this.#list;
    if (list !== undefined) await this.#readList(list, topics);
    for (const topic of topics) if (list === undefined || !this.#inboxes.has(topic)) this.#toRead.add(topic);
    await Promise.all(
      [...this.#toRead].map(async (topic) => {
        const reader = this.#inboxes.get(topic) ?? newReader();
        this.#inboxes.set(topic, reader);
        for await (const message of this.ledger.read(topic, reader.cursor)) {
          take(reader, message);
          show(reader, message.consensusTimestamp);
        }
        // Who answers for the list and who answers for a topic need not be equally far.
        if (reader.cursor.consensusTimestamp >= (this.#listed.get(topic) ?? 0n)) this.#toRead.delete(topic);
      }),
    );
    list?.forgetRead(this.#knownOf);
  }

  /** What the list of who writes to inboxes has of them since. */
  async #readList(list: WriterList, topics: readonly TopicId[]): Promise<void> {
    const strange = this.#passUntouched(list, topics);
    let madeAt: Nanos | undefined;
    for (const topic of strange) {
      const at = this.#creations.of(topic)?.at;
      if (at !== undefined && (madeAt === undefined || at < madeAt)) madeAt = at;
    }
    for await (const message of list.news({ count: strange.length, madeAt })) this.#takeListed(message);
    this.#passUntouched(list, strange);
  }

  /** Inboxes to which nothing was written have nothing to be read; those of which that is not known. */
  #passUntouched(list: WriterList, topics: readonly TopicId[]): TopicId[] {
    const strange = topics.filter((topic) => !this.#inboxes.has(topic));
    const untouched = strange.filter((topic) => list.isUntouched(topic, this.#creations.of(topic)));
    for (const topic of untouched) this.#inboxes.set(topic, newReader());
    return strange.filter((topic) => !this.#inboxes.has(topic));
  }

  #takeListed({ topic, at, written, isOurs }: ListedMessage): void {
    if (topic === this.journal) return;
    this.#listed.set(topic, at);
    const reader = this.#inboxes.get(topic);
    // An inbox that was not read yet will be, as a whole; at once when it is one that this process writes to.
    if (reader === undefined && isOurs) this.#toRead.add(topic);
    if (reader === undefined || this.#toRead.has(topic)) return;
    show(reader, at);
    // It was heard.
    if (at <= reader.cursor.consensusTimestamp) return;
    const next = reader.cursor.sequenceNumber + 1;
    if (written === undefined || written.sequenceNumber > next) this.#toRead.add(topic);
    else take(reader, messageOf(written, at, this.ledger.account));
  }

  /** When the newest message of these inboxes was that is held and that REST shows. */
  #newestHeld(topics: readonly TopicId[]): Nanos {
    let newest = 0n;
    for (const topic of topics) {
      const reader = this.#inboxes.get(topic);
      const last = reader === undefined ? 0n : newestShown(reader);
      if (last > newest) newest = last;
    }
    return newest;
  }

  #ready(end: Nanos, awaits: Awaits): readonly TopicMessage[] {
    let until = end;
    // An assignment that was read, though not handed on, is awaited no more: who spoke before it spoke of nothing.
    const unread: Awaits = (...of) => awaits(...of) && !this.#holdsAssignment(...of);
    const early =
      awaits === noneAwaited ? undefined : this.#journal.held.find((message) => this.#speaksOf(message, unread));
    if (early !== undefined && early.consensusTimestamp <= until) until = early.consensusTimestamp - 1n;
    const ready: TopicMessage[] = [];
    for (const { held } of [this.#journal, ...this.#inboxes.values()]) {
      const later = held.findIndex(({ consensusTimestamp }) => consensusTimestamp > until);
      ready.push(...held.splice(0, later < 0 ? held.length : later));
    }
    return ready.sort((a, b) => (a.consensusTimestamp < b.consensusTimestamp ? -1 : 1));
  }

  *#told(ready: readonly TopicMessage[]): Generator<LedgerRecord> {
    for (const message of ready) {
      const ofOwnSchedule = this.#ofOwnSchedule.get(message.consensusTimestamp);
      this.#ofOwnSchedule.delete(message.consensusTimestamp);
      for (const entry of this.#recordsOnce(message)) {
        const { author, at, record } = entry;
        if (record.type === 'lapsed') yield { ...entry, ofOwnSchedule: ofOwnSchedule === true };
        else if (record.type !== 'online') yield entry;
        else yield { ...entry, ofOwnInbox: this.#isOwn({ author, at, inbox: record.inbox as TopicId }) };
      }
    }
  }
}

function messageOf({ topic, message, sequenceNumber }: WrittenMessage, at: Nanos, payer: AccountId): TopicMessage {
  const chunk = { number: 1, total: 1 };
  return { topic, sequenceNumber, consensusTimestamp: at, payer, message: Buffer.from(message), chunk };
}
