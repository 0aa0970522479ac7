import type { AccountId, ScheduleId, TokenId, TopicId, TransactionId } from '../../vocabulary/ids.js';
import type { Nanos } from '../../vocabulary/time.js';
import type { TopicCreation } from '../../vocabulary/topic-creation.js';
import type { Action } from '../ledger.js';
import type { Cursor, TopicMessage } from '../topic-message.js';

/** A topic and its newest messages. */
export class MemoryTopic {
  /** Of the newest message. */
  sequence = 0;
  readonly #messages: TopicMessage[] = [];

  constructor(
    readonly id: TopicId,
    readonly creation: TopicCreation,
    /** The only account that may write; anybody may when undefined. */
    readonly submitter: AccountId | undefined,
    /** How many messages are kept. */
    readonly kept: number,
  ) {}

  append(message: TopicMessage): void {
    this.sequence = message.sequenceNumber;
    this.#messages.push(message);
    if (this.#messages.length > 2 * this.kept) this.#messages.splice(0, this.#messages.length - this.kept);
  }

  /** Undoes the newest `append`. */
  takeBack(): void {
    this.#messages.pop();
    this.sequence -= 1;
  }

  /** The first message after a cursor that is still kept. */
  after({ sequenceNumber }: Pick<Cursor, 'sequenceNumber'>): TopicMessage | undefined {
    const first = this.#messages[0]?.sequenceNumber ?? 1;
    return this.#messages[Math.max(0, sequenceNumber + 1 - first)];
  }

  get messages(): readonly TopicMessage[] {
    return this.#messages;
  }
}

/** A fungible token. Its treasury is associated from the start and holds the whole supply. */
export interface MemoryToken {
  readonly id: TokenId;
  readonly treasury: AccountId;
  /** In the smallest unit, by associated account. */
  readonly balances: Map<AccountId, bigint>;
  readonly frozen: Set<AccountId>;
}

/** A message that waits for its time. */
export interface MemorySchedule {
  readonly id: ScheduleId;
  readonly creator: AccountId;
  readonly action: Extract<Action, { kind: 'schedule' }>;
  /** The transaction that made it. */
  readonly createdBy: TransactionId;
  readonly createdAt: Nanos;
  executedAt: Nanos | undefined;
  deletedAt: Nanos | undefined;
}

/** What a network keeps. */
export interface Entities {
  readonly accounts: Set<AccountId>;
  /** Accounts whose key is a list: of these accounts' keys, all of which must sign. */
  readonly keyLists: Map<AccountId, readonly AccountId[]>;
  readonly topics: Map<TopicId, MemoryTopic>;
  readonly tokens: Map<TokenId, MemoryToken>;
  readonly schedules: Map<ScheduleId, MemorySchedule>;
}
