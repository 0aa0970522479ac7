import type { Clock } from '../clock.js';
import {
  type AccountId,
  accountId,
  type ScheduleId,
  scheduleId,
  type TokenId,
  type TopicId,
  type TransactionId,
  tokenId,
  topicId,
} from '../vocabulary/ids.js';
import { msFromNanos, NANOS_PER_SECOND, type Nanos, nanosFromMs } from '../vocabulary/time.js';
import type { Action, Ledger } from './ledger.js';
import { CALM, type Conditions, type RangeMs } from './memory/conditions.js';
import { type Entities, MemoryTopic } from './memory/entities.js';
import {
  type Envelope,
  isBatch,
  open,
  outerBody,
  partBody,
  signatureOf,
  validStart,
  windowEnd,
} from './memory/envelope.js';
import { type Handled, type Handling, handle, pureCheck, submitMessage } from './memory/handle.js';
import { History, type PastTransaction } from './memory/history.js';
import { MemoryLedger, type MemoryLedgerOptions } from './memory/memory-ledger.js';
import { MirrorView } from './memory/mirror-view.js';
import type { NetworkCore } from './memory/network-core.js';
import { type Precheck, type ReceiptEntry, Receipts } from './memory/receipts.js';

export interface MemoryNetworkOptions {
  /** The network's time. */
  readonly clock: Clock;
  /** From 0 up to 1; decides all that is left to chance. */
  readonly random: () => number;
  readonly conditions?: Partial<Conditions>;
  /** How many transactions, and messages of each topic, are kept at least. Default: all, as long as there is memory. */
  readonly kept?: number;
}

/** Windows close this early at a node, so that what it takes can still reach consensus. */
const BUFFER: Nanos = 10n * NANOS_PER_SECOND;
const [MIN_VALID_SECONDS, MAX_VALID_SECONDS] = [15, 180];
const FIRST_ENTITY = 1_001;

/**
 * A network in memory: topics, one kind of token, schedules and AtomicBatches, with the statuses of the real one, in an
 * order and with troubles that only the clock and the random numbers given to it decide. For tests, benchmarks and the
 * simulation; the same compliance suite runs on it as on the others.
 */
export class MemoryNetwork implements NetworkCore {
  readonly conditions: Conditions;
  readonly entities: Entities = {
    accounts: new Set(),
    keyLists: new Map(),
    topics: new Map(),
    tokens: new Map(),
    schedules: new Map(),
  };
  readonly history: History;
  readonly mirror: MirrorView;
  readonly receipts = new Receipts();
  readonly #kept: number;
  #entity = FIRST_ENTITY;
  #lastAt: Nanos = 0n;

  readonly clock: Clock;
  readonly random: () => number;

  constructor({ clock, random, conditions, kept = Number.MAX_SAFE_INTEGER }: MemoryNetworkOptions) {
    this.clock = clock;
    this.random = random;
    this.conditions = { ...CALM, ...conditions };
    this.#kept = kept;
    this.history = new History(this.#kept);
    this.mirror = new MirrorView(this);
  }

  chance(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  pick([from, to]: RangeMs): number {
    return to > from ? from + Math.floor(this.random() * (to - from + 1)) : from;
  }

  #nextEntity(): string {
    this.#entity += 1;
    return `0.0.${this.#entity}`;
  }

  createAccount(): AccountId {
    const id = accountId(this.#nextEntity());
    this.entities.accounts.add(id);
    return id;
  }

  /** An account that none of the parties can use without the others. */
  createEscrow(parties: readonly AccountId[]): AccountId {
    const id = this.createAccount();
    this.entities.keyLists.set(id, parties);
    return id;
  }

  /**
   * @param by who makes it.
   * @param submitter the only account that may write; left out, anybody may.
   */
  createTopic(by: AccountId, submitter?: AccountId): TopicId {
    const id = topicId(this.#nextEntity());
    this.entities.topics.set(id, new MemoryTopic(id, { by, at: this.#nextAt() }, submitter, this.#kept));
    return id;
  }

  createToken(treasury: AccountId, supply: bigint): TokenId {
    const id = tokenId(this.#nextEntity());
    this.entities.tokens.set(id, { id, treasury, balances: new Map([[treasury, supply]]), frozen: new Set() });
    return id;
  }

  associate(account: AccountId, token: TokenId): void {
    const balances = this.entities.tokens.get(token)?.balances;
    if (balances?.has(account) === false) balances.set(account, 0n);
  }

  /** Freezes an account for a token, or thaws it. */
  freeze(account: AccountId, token: TokenId, frozen = true): void {
    const found = this.entities.tokens.get(token)?.frozen;
    if (frozen) found?.add(account);
    else found?.delete(account);
  }

  /** What the mirror would show of an account's tokens in the end; undefined when it is not associated. */
  balance(account: AccountId, token: TokenId): bigint | undefined {
    return this.entities.tokens.get(token)?.balances.get(account);
  }

  /** The network as one account sees it. */
  ledger(account: AccountId, options: MemoryLedgerOptions = {}): Ledger {
    return new MemoryLedger(this, account, options);
  }

  /** Changes how well the network works. */
  set(conditions: Partial<Conditions>): void {
    Object.assign(this.conditions, conditions);
    this.mirror.changed();
  }

  /** Calls back after so many milliseconds, at once for none. */
  after(ms: number, callback: () => void): void {
    if (ms <= 0) callback();
    else this.clock.at(this.clock.nowMs() + ms, callback);
  }

  /** What the node says of a transaction when it arrives; one that it takes reaches consensus later. */
  submit(bytes: Uint8Array): Precheck {
    const envelope = open(bytes);
    const status = this.#precheck(envelope);
    if (status !== undefined) return status;
    const entry = this.receipts.expect(envelope, bytes);
    if (this.chance(this.conditions.dropped)) return { kind: 'taken' };
    this.after(this.pick(this.conditions.consensusMs), () => this.#handle(entry));
    return { kind: 'taken' };
  }

  /** In the order of the real node's checks (facts, section 2.1). */
  #precheck({ id, payer, validSeconds, parts }: Envelope): Precheck | undefined {
    const now = nanosFromMs(this.clock.nowMs());
    const ids = isBatch(parts) ? [id, ...parts.map((part) => part.id)] : [id];
    if (validSeconds < MIN_VALID_SECONDS || validSeconds > MAX_VALID_SECONDS) {
      return { kind: 'refused', status: 'INVALID_TRANSACTION_DURATION' };
    }
    for (const each of ids) {
      if (windowEnd(each, validSeconds) - BUFFER < now) return { kind: 'expired' };
      if (validStart(each) > now) return { kind: 'refused', status: 'INVALID_TRANSACTION_START' };
      if (this.receipts.knows(each, now)) return { kind: 'duplicate' };
    }
    if (this.chance(this.conditions.busy)) return { kind: 'later', why: 'BUSY' };
    for (const { action } of parts) {
      const status = pureCheck(action);
      if (status !== undefined) return { kind: 'refused', status };
    }
    if (!this.entities.accounts.has(payer)) return { kind: 'refused', status: 'PAYER_ACCOUNT_NOT_FOUND' };
    if (new Set(ids).size < ids.length) return { kind: 'refused', status: 'BATCH_LIST_CONTAINS_DUPLICATES' };
    return undefined;
  }

  /** The next consensus time: that of the clock, and later than any before. */
  #nextAt(): Nanos {
    const now = nanosFromMs(this.clock.nowMs());
    this.#lastAt = now > this.#lastAt ? now : this.#lastAt + 1n;
    return this.#lastAt;
  }

  #handle(entry: ReceiptEntry): void {
    const { id, payer, validSeconds, parts } = entry.envelope;
    const at = this.#nextAt();
    // Nothing reaches consensus after its window; the node that took it has lost it.
    if (at > windowEnd(id, validSeconds)) return;
    const [only] = parts;
    const topic = isBatch(parts) ? undefined : topicOf(only?.action);
    const base = { id, at, payer, batch: undefined, scheduled: false, bytes: entry.bytes, topic };
    const kind = isBatch(parts) ? 'batch' : (only?.action.kind ?? 'nothing');
    if (this.chance(this.conditions.throttled)) {
      this.#conclude(entry, pastOf(base, kind, { status: 'THROTTLED_AT_CONSENSUS' }), []);
    } else if (!isCosigned(entry.envelope)) {
      this.#conclude(entry, pastOf(base, kind, { status: 'INVALID_SIGNATURE' }), []);
    } else if (isBatch(parts)) {
      const inner = this.#handleBatch(entry.envelope, at);
      const failed = inner.some(({ result }) => result !== 'SUCCESS');
      this.#conclude(entry, pastOf(base, kind, { status: failed ? 'INNER_TRANSACTION_FAILED' : 'SUCCESS' }), inner);
    } else {
      const handled = only === undefined ? { status: 'SUCCESS' } : this.#carryOut(id, payer, at, only.action);
      this.#conclude(entry, pastOf(base, kind, handled), [], handled.sequence);
    }
  }

  #conclude(entry: ReceiptEntry, past: PastTransaction, inner: readonly PastTransaction[], sequence?: number): void {
    for (const each of [past, ...inner]) this.history.add(each);
    this.receipts.conclude(entry, past, sequence);
    this.mirror.changed();
  }

  /** All of it or nothing; what was done before one failed is reported as reverted, what comes after it not at all. */
  #handleBatch({ payer, validSeconds, parts }: Envelope, batch: Nanos): PastTransaction[] {
    const done: { readonly past: PastTransaction; readonly undo: (() => void) | undefined }[] = [];
    for (const part of parts) {
      const { id, action, from, batchKey: key } = part;
      const at = this.#nextAt();
      const signs = key !== undefined && part.cosigned === signatureOf(key, partBody(payer, validSeconds, part));
      const taken = { ...(from === undefined ? {} : { from }), ...(signs ? { cosigner: key } : {}) };
      const handled = this.#carryOut(id, payer, at, action, taken);
      const base = { id, at, payer, batch, scheduled: false, bytes: undefined, topic: topicOf(action) };
      done.push({ past: pastOf(base, action.kind, handled), undo: handled.undo });
      if (handled.status === 'SUCCESS') continue;
      for (const { undo } of [...done].reverse()) undo?.();
      return done.map(({ past }) =>
        past.result === 'SUCCESS' ? { ...past, result: 'REVERTED_SUCCESS', transfers: [], schedule: undefined } : past,
      );
    }
    return done.map(({ past }) => past);
  }

  #carryOut(
    by: TransactionId,
    payer: AccountId,
    at: Nanos,
    action: Action,
    taken: Pick<Handling, 'from' | 'cosigner'> = {},
  ): Handled {
    const newScheduleId = () => scheduleId(this.#nextEntity());
    const handled = handle({ entities: this.entities, by, payer, at, newScheduleId, ...taken }, action);
    const { schedule } = handled;
    if (handled.status === 'SUCCESS' && action.kind === 'schedule' && schedule !== undefined) {
      const expiryMs = msFromNanos((action.expiresAt / NANOS_PER_SECOND) * NANOS_PER_SECOND);
      this.clock.at(expiryMs, () => this.after(this.pick(this.conditions.consensusMs), () => this.#post(schedule)));
    }
    return handled;
  }

  /** A schedule's time has come. */
  #post(id: ScheduleId): void {
    const schedule = this.entities.schedules.get(id);
    if (schedule === undefined || schedule.deletedAt !== undefined || schedule.executedAt !== undefined) return;
    const { creator, createdBy, action } = schedule;
    const at = this.#nextAt();
    const handled = submitMessage({ entities: this.entities, payer: creator, at }, action);
    schedule.executedAt = at;
    const base = {
      id: createdBy,
      at,
      payer: creator,
      batch: undefined,
      scheduled: true,
      bytes: undefined,
      topic: action.topic,
    };
    this.history.add(pastOf(base, 'message', { ...handled, schedule: id }));
    this.mirror.changed();
  }
}

/** Whether who has to sign a batch did; what names no such key needs no such signature. */
const isCosigned = (envelope: Envelope): boolean =>
  envelope.parts.every(
    ({ batchKey }) => batchKey === undefined || envelope.cosigned === signatureOf(batchKey, outerBody(envelope)),
  );

const topicOf = (action: Action | undefined): TopicId | undefined =>
  action?.kind === 'message' ? action.topic : undefined;

function pastOf(
  base: Pick<PastTransaction, 'id' | 'at' | 'payer' | 'batch' | 'scheduled' | 'bytes' | 'topic'>,
  kind: PastTransaction['kind'],
  { status, transfers = [], schedule }: Handled,
): PastTransaction {
  return { ...base, kind, result: status, transfers, schedule };
}
