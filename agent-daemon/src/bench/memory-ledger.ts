import { type AccountKey, generateAccountKey, type MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { AccountKeys } from '@gatepost/shared/hedera/account-keys';
import type {
  Action,
  Ledger,
  ListedTransaction,
  PreparedTransaction,
  WaitingSchedule,
} from '@gatepost/shared/ledger/ledger';
import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { CountedNames } from '@gatepost/shared/records/task-names';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  type AccountId,
  accountId,
  type ScheduleId,
  scheduleId,
  type TransactionId,
  topicId,
  transactionId,
} from '@gatepost/shared/vocabulary/ids';
import type { Outcome, Receipt } from '@gatepost/shared/vocabulary/outcome';
import { msFromNanos, type Nanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';

export const INBOX = topicId('0.0.30');
export const JOURNAL = topicId('0.0.31');
export const COORDINATOR = accountId('0.0.10');
const AGENT = accountId('0.0.20');
const VALID: Nanos = 120_000_000_000n;

/** A journal message. */
export interface Posted {
  readonly id: string;
  readonly message: Uint8Array;
}

/**
 * How the ledger behaves at the moment. `unreachable`: nothing arrives, and its window is over. `refuses`: the payer has
 * no money. `swallows`: it takes a transaction and the answer is lost; `silent`: whether it did cannot be told.
 */
export type Behaviour = 'answers' | 'unreachable' | 'refuses' | 'swallows' | 'silent';

/** What the stream of the inbox does at the moment. */
export type InboxBehaviour = 'flows' | 'ends' | 'breaks';

/** The ledger as an agent sees it, fed from memory: no network, no fees, the same promises about ids. */
export class MemoryLedger implements Ledger, AccountKeys {
  readonly account = AGENT;
  coordinator: AccountKey = generateAccountKey().key;
  /** Keys of other accounts than the coordinator's. */
  readonly others = new Map<AccountId, AccountKey>();
  readonly agent: AccountKey = generateAccountKey().key;
  behaviour: Behaviour = 'answers';
  /** Left out to keep memory flat in long runs. */
  readonly journal: Posted[] | undefined;
  /** Memo and expiry, milliseconds since the Unix epoch. */
  readonly schedules = new Map<ScheduleId, { readonly memo: string; readonly expiresAtMs: number }>();
  /** Messages that were submitted, each time. */
  readonly submitted: Posted[] = [];
  /** Transactions that did not arrive in time, whatever the behaviour. */
  readonly lost = new Set<string>();
  posted = 0;
  readonly names = new CountedNames();
  /** Streams of the inbox that were opened. */
  opened = 0;
  #stream: InboxBehaviour = 'flows';
  readonly #inbox: TopicMessage[] = [];
  #sequence = 0;
  #ids = 0;
  #waiting: (() => void)[] = [];
  readonly #taken = new Map<TransactionId, Receipt>();
  readonly #actions = new Map<TransactionId, Action>();

  constructor(keepJournal = true) {
    this.journal = keepJournal ? [] : undefined;
  }

  /** Writes records to the inbox as an account; returns the sequence number. */
  assign(run: string | undefined, records: readonly AnyRecord[], payer = COORDINATOR): number {
    for (const message of packRecords(run, records, this.names)) {
      this.#sequence += 1;
      this.#inbox.push({
        topic: INBOX,
        sequenceNumber: this.#sequence,
        consensusTimestamp: nanosFromMs(Date.now()) + BigInt(this.#sequence),
        payer,
        message,
        chunk: { number: 1, total: 1 },
      });
    }
    this.#wakeAll();
    return this.#sequence;
  }

  /** Messages are numbered without gaps; in long runs those that were read are forgotten. */
  #after(read: number): TopicMessage | undefined {
    const [first] = this.#inbox;
    if (first === undefined) return undefined;
    const index = read + 1 - first.sequenceNumber;
    if (this.journal === undefined && index > 1_000) this.#inbox.splice(0, index);
    return this.#inbox[read + 1 - (this.#inbox[0]?.sequenceNumber ?? 0)];
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Lets open streams of the inbox, and those that are opened later, end or break; or flow again. */
  set stream(behaviour: InboxBehaviour) {
    this.#stream = behaviour;
    this.#wakeAll();
  }

  async *follow(_topic: string, after: Cursor, signal: AbortSignal): AsyncGenerator<TopicMessage> {
    this.opened += 1;
    let read = after.sequenceNumber;
    signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
    while (!signal.aborted) {
      if (this.#stream === 'ends') return;
      if (this.#stream === 'breaks') throw new GatepostError('MIRROR_UNREACHABLE', 'the stream broke');
      for (let next = this.#after(read); next !== undefined; next = this.#after(read)) {
        read = next.sequenceNumber;
        yield next;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async *read(topic: string): AsyncGenerator<TopicMessage> {
    if (topic === INBOX) return yield* this.#inbox;
    const posted = (this.journal ?? []).entries();
    for (const [index, { message }] of posted) {
      const sequenceNumber = index + 1;
      const chunk = { number: 1, total: 1 };
      const consensusTimestamp = BigInt(sequenceNumber);
      yield { topic: JOURNAL, sequenceNumber, consensusTimestamp, payer: AGENT, message: Buffer.from(message), chunk };
    }
  }

  nextTransactionId(): TransactionId {
    this.#ids += 1;
    return transactionId(AGENT, nanosFromMs(Date.now()) + BigInt(this.#ids));
  }

  async prepare([action]: readonly Action[]): Promise<PreparedTransaction> {
    const id = this.nextTransactionId();
    if (action === undefined) throw new GatepostError('INTERNAL', 'nothing to prepare');
    this.#actions.set(id, action);
    const bytes = action.kind === 'message' ? action.message : new Uint8Array();
    return { id, bytes, validUntil: nanosFromMs(Date.now()) + VALID };
  }

  async execute({ id, bytes }: PreparedTransaction): Promise<Outcome> {
    if (this.journal !== undefined) this.submitted.push({ id, message: bytes });
    const taken = this.#taken.get(id);
    const { behaviour } = this;
    const why = 'nobody answers';
    if (this.lost.has(id)) return { kind: 'never', id, why };
    if (behaviour === 'silent' || (behaviour === 'swallows' && taken !== undefined))
      return { kind: 'unknown', id, why };
    if (taken !== undefined) return { kind: 'done', receipt: taken };
    if (behaviour === 'unreachable') return { kind: 'never', id, why };
    if (behaviour === 'refuses') return { kind: 'refused', id, status: 'INSUFFICIENT_PAYER_BALANCE' };
    const receipt = this.#carryOut(id);
    if (this.journal !== undefined) this.#taken.set(id, receipt);
    return behaviour === 'swallows' ? { kind: 'unknown', id, why } : { kind: 'done', receipt };
  }

  #carryOut(id: TransactionId): Receipt {
    const action = this.#actions.get(id);
    this.#actions.delete(id);
    let schedule: ScheduleId | undefined;
    if (action?.kind === 'message') {
      this.posted += 1;
      this.journal?.push({ id, message: action.message });
    } else if (action?.kind === 'schedule') {
      schedule = scheduleId(`0.0.${1_000_000 + this.#ids}`);
      this.schedules.set(schedule, { memo: action.memo, expiresAtMs: msFromNanos(action.expiresAt) });
    } else if (action?.kind === 'unschedule') this.schedules.delete(action.schedule);
    const none = { accountId: undefined, topicId: undefined, tokenId: undefined, topicSequenceNumber: undefined };
    return { id, ...none, scheduleId: schedule };
  }

  async waitingSchedules(): Promise<readonly WaitingSchedule[]> {
    return [...this.schedules].map(([id, { memo }]) => ({ id, memo }));
  }

  async resultOf(id: TransactionId): Promise<string | undefined> {
    return this.#taken.has(id) ? 'SUCCESS' : undefined;
  }

  async *messagesBy(): AsyncGenerator<ListedTransaction> {}

  async isOfOwnSchedule(): Promise<boolean> {
    return false;
  }

  async topicCreation(): Promise<undefined> {
    return undefined;
  }

  async topicsMadeBy() {
    return new Map();
  }

  async mirrorTime(): Promise<Nanos> {
    return nanosFromMs(Date.now());
  }

  async keyOf(account: AccountId): Promise<MirrorKey> {
    const { publicKey } = this.others.get(account) ?? this.coordinator;
    return { _type: publicKey.type === 'ED25519' ? 'ED25519' : 'ECDSA_SECP256K1', key: publicKey.toStringRaw() };
  }

  sign(message: Uint8Array): Uint8Array {
    return this.agent.sign(message);
  }
}
