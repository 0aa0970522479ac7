import type { LedgerReader, ListedTransaction } from '@gatepost/shared/ledger/ledger';
import type { AccountId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';

/** A message that this process wrote, with what its receipt tells. */
export interface WrittenMessage {
  readonly id: TransactionId;
  readonly topic: TopicId;
  readonly message: Uint8Array;
  readonly sequenceNumber: number;
}

/** A message to an inbox, or to another topic, that the mirror shows. */
export interface ListedMessage {
  readonly topic: TopicId;
  readonly at: Nanos;
  /** When this process wrote it, and knows its number. */
  readonly written: WrittenMessage | undefined;
  /** Whether this process sent it. */
  readonly isOurs: boolean;
}

/** Inboxes of which nothing was read. */
interface Unknown {
  readonly count: number;
  /** When the oldest of those was made of which that is known. */
  readonly madeAt: Nanos | undefined;
}

/** Messages of the past that are listed for each inbox not seen before; beyond that it is cheaper to read the inboxes. */
const PAST_PER_INBOX = 10;
/** The least of them: one page. */
const LEAST_PAST = 100;

/**
 * What the account writes whose messages count on inboxes: what this process sent, should it act for that account, and what
 * the mirror's list of the account's messages shows, one for all inboxes. An inbox to which nothing was written since it was
 * made need not be read: what others may write there says nothing.
 */
export class WriterList {
  /** What this process wrote to inboxes and the list does not show yet. */
  readonly #written = new Map<TransactionId, WrittenMessage>();
  /** Messages to inboxes of which the mirror shows nothing yet, and how far the journal was heard when they were sent. */
  readonly #unlisted = new Map<TransactionId, { readonly topic: TopicId; readonly heard: number }>();
  /** From when on and up to when the list was read, without a gap; undefined until it first is. */
  #read: { readonly since: Nanos; until: Nanos } | undefined;
  /** Topics that it names. */
  readonly #named = new Set<TopicId>();

  constructor(
    readonly ledger: Pick<LedgerReader, 'messagesBy' | 'mirrorTime'>,
    readonly writer: AccountId,
  ) {}

  /** @param heard the number of the journal's newest message then. */
  sending(id: TransactionId, topic: TopicId, heard: number): void {
    this.#unlisted.set(id, { topic, heard });
  }

  /** @param known the number of the newest message that was read of its inbox: what was read need not be known. */
  sent(written: WrittenMessage, known: number): void {
    if (written.sequenceNumber > known) this.#written.set(written.id, written);
    else this.#unlisted.delete(written.id);
  }

  unsent(id: TransactionId): void {
    this.#unlisted.delete(id);
  }

  /** What was written before its inbox was read for the first time is in no list. @param known as for `sent`. */
  forgetRead(known: (topic: TopicId) => number): void {
    for (const { id, topic, sequenceNumber } of this.#written.values()) {
      if (sequenceNumber > known(topic)) continue;
      this.#written.delete(id);
      this.#unlisted.delete(id);
    }
  }

  /** Inboxes to which something was sent that the mirror does not show yet. */
  get sentTo(): Iterable<TopicId> {
    return [...this.#unlisted.values()].map(({ topic }) => topic);
  }

  /** Whether something was written that the list does not show yet, besides what is on topics that are followed. */
  isBehind(followed: ReadonlySet<TopicId>): boolean {
    for (const { topic } of this.#written.values()) if (!followed.has(topic)) return true;
    return false;
  }

  /** How far the journal was heard when the first message was sent that the mirror does not show yet; undefined for none. */
  get unlistedSince(): number | undefined {
    if (this.#unlisted.size === 0) return undefined;
    return Math.min(...[...this.#unlisted.values()].map(({ heard }) => heard));
  }

  /**
   * What the list has to say since it was last read. The first reading goes back as far as the oldest of the inboxes, unless
   * it would take less to read these.
   * @throws GatepostError MIRROR_UNREACHABLE
   */
  async *news(inboxes: Unknown): AsyncGenerator<ListedMessage> {
    if (this.#read === undefined) {
      for (const message of await this.#past(inboxes)) yield this.#take(message);
      return;
    }
    for await (const message of this.ledger.messagesBy(this.writer, this.#read.until)) {
      this.#read.until = message.at;
      yield this.#take(message);
    }
  }

  async #past({ count, madeAt }: Unknown): Promise<readonly ListedTransaction[]> {
    const now = await this.ledger.mirrorTime();
    const most = Math.max(LEAST_PAST, count * PAST_PER_INBOX);
    const past: ListedTransaction[] = [];
    const since = madeAt ?? now;
    for await (const message of this.ledger.messagesBy(this.writer, since)) {
      if (past.push(message) <= most) continue;
      this.#read = { since: now, until: now };
      return [];
    }
    this.#read = { since, until: now };
    // What came since then may be on the list too.
    const last = past.at(-1)?.at ?? now;
    if (last > now) this.#read.until = last;
    return past;
  }

  #take({ id, topic, at }: ListedTransaction): ListedMessage {
    const written = this.#written.get(id);
    this.#written.delete(id);
    this.#named.add(topic);
    return { topic, at, written, isOurs: this.#unlisted.delete(id) };
  }

  /** Whether nothing was written to a topic since it was made, up to where the list was read. */
  isUntouched(topic: TopicId, creation: TopicCreation | undefined): boolean {
    if (creation === undefined || this.#read === undefined) return false;
    return creation.at >= this.#read.since && !this.#named.has(topic);
  }
}
