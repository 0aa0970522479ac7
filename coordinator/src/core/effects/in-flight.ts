import { keyOf } from '@gatepost/rules/run/attempt';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { PAYER_REFUSED } from '@gatepost/shared/vocabulary/outcome';
import type { AssignCommand, Command, Payment } from '../decide/command.js';
import {
  assignKey,
  BEACON_KEY,
  CLOSE_KEY,
  cancelKey,
  type EffectKey,
  isJudging,
  judgeKey,
  OPEN_KEY,
  paymentKey,
  verdictKey,
} from './effect-key.js';

/**
 * What became of an effect, as far as its shell could learn.
 * - `done`: it is on the ledger; its record will be folded.
 * - `refused`: the ledger looked at it and would not have it.
 * - `never`: it did not happen and will not; it may be asked for again.
 * - `unknown`: it may yet happen, so it stays under way.
 */
export type Became =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'never'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** What became of one payment. */
export interface PaymentBecame {
  readonly payment: Payment;
  readonly became: Became;
}

/** Pause before an effect that never happened is asked for again. */
const REST_MS = 1_000;
/** Beacons only move a clock on; clocks that disagree must not make a stream of them. */
const BEACON_EVERY_MS = 2_000;

/** The effects a command puts under way. */
function keysOf(command: Command): readonly EffectKey[] {
  switch (command.kind) {
    case 'settle':
      return command.payments.map(paymentKey);
    case 'stop':
      return [];
    default:
      return [command.key];
  }
}

/** The effect whose record this is. */
function effectsOf({ record, topic }: Pick<LedgerRecord, 'record' | 'topic'>): readonly EffectKey[] {
  switch (record.type) {
    case 'assign':
      return [assignKey(record.task, record.attempt)];
    case 'cancel':
      return [cancelKey(topic, record.task, record.attempt)];
    case 'verdict':
      return [verdictKey(record.task, record.attempt)];
    case 'settled':
      return record.payments.map(paymentKey);
    case 'run_opened':
      return [OPEN_KEY];
    case 'run_closed':
      return [CLOSE_KEY];
    case 'epoch':
      return [BEACON_KEY];
    default:
      return [];
  }
}

/**
 * Effects under way. One is from its launch until its record is folded or it certainly did not happen; nothing else ends
 * it, so that no effect is asked for while it may yet happen. Each payment of a settlement is an effect of its own. Its
 * inputs are launches, what became of them, and folded records; the time only ends the rest of what never happened.
 */
export class InFlight {
  /** Under way while undefined; else at rest until then, milliseconds since the Unix epoch. */
  readonly #effects = new Map<EffectKey, number | undefined>();
  /** Assignments that are or may yet be made, by key. */
  readonly assignments = new Map<EffectKey, AssignCommand>();
  /** Inboxes on which a record of ours may have appeared that was not folded yet. */
  readonly #unseen = new Map<TopicId, Set<EffectKey>>();
  /** Attempts that the ledger would not pay, by task and number, and why. */
  readonly unpayable = new Map<string, string>();
  /** Agents whose inbox refuses assignments, and why. */
  readonly refusing = new Map<AccountId, string>();
  /** The first refusal that nothing can be done about here. */
  failure: string | undefined;
  #beaconMs = 0;

  has(key: EffectKey): boolean {
    return this.#effects.has(key);
  }

  get size(): number {
    return this.#effects.size;
  }

  /** How many records of ours are under way; what gates think about is no record. */
  get records(): number {
    let count = 0;
    for (const [key, restUntilMs] of this.#effects) if (restUntilMs === undefined && !isJudging(key)) count += 1;
    return count;
  }

  /** Inboxes to read, because something of ours may be there. */
  get unseen(): Iterable<TopicId> {
    return this.#unseen.keys();
  }

  get hasUnseen(): boolean {
    return this.#unseen.size > 0;
  }

  launched(command: Command, nowMs: number): void {
    for (const key of keysOf(command)) this.#effects.set(key, undefined);
    if (command.kind === 'assign') this.assignments.set(command.key, command);
    if (command.kind === 'beacon') this.#beaconMs = nowMs;
  }

  /** The shell is about to write an assignment or a cancellation to an inbox. */
  writing({ inbox, key }: { readonly inbox: TopicId; readonly key: EffectKey }): void {
    const unseen = this.#unseen.get(inbox) ?? new Set();
    this.#unseen.set(inbox, unseen.add(key));
  }

  /** What became of a command that is no settlement. */
  became(command: Exclude<Command, { kind: 'settle' | 'stop' }>, became: Became, nowMs: number): void {
    const { key } = command;
    if (became.kind === 'done' || became.kind === 'unknown') return;
    if (command.kind === 'assign' || command.kind === 'cancel') this.#seen(command.inbox, key);
    if (became.kind === 'never') {
      this.#rest(key, nowMs);
    } else if (PAYER_REFUSED.has(became.why)) {
      this.#cannotPay(command.kind, became.why);
    } else if (command.kind === 'assign') {
      this.refusing.set(command.agent, `its inbox refuses assignments: ${became.why}`);
      this.#drop(key);
    } else if (command.kind !== 'cancel') {
      this.failure ??= `the ledger refuses to take a record (${command.kind}): ${became.why}`;
    }
    // A cancellation that is refused stays: an agent that closed its inbox cannot be told there, and nothing of it will
    // be accepted.
  }

  /** What became of each payment of a settlement. */
  paid(payments: readonly PaymentBecame[], nowMs: number): void {
    for (const { payment, became } of payments) {
      const key = paymentKey(payment);
      if (became.kind === 'never') this.#rest(key, nowMs);
      if (became.kind !== 'refused') continue;
      if (PAYER_REFUSED.has(became.why)) this.#cannotPay('settle', became.why);
      this.unpayable.set(keyOf(payment.task, payment.attempt), became.why);
      this.#drop(key);
    }
  }

  /** Every other record would be refused too. */
  #cannotPay(what: Command['kind'], why: string): void {
    this.failure ??= `the account cannot pay its fees any more (${what}): ${why}; send it hbar and run the same command again`;
  }

  /** Automatic gates have said what they say; it is an observation, and there is no record to wait for. */
  judged(task: string, attempt: number): void {
    this.#drop(judgeKey(task, attempt));
  }

  /** A record of ours came back. */
  folded(entry: Pick<LedgerRecord, 'record' | 'topic'>, nowMs: number): void {
    for (const key of effectsOf(entry)) {
      this.#seen(entry.topic, key);
      this.#drop(key);
      if (key === BEACON_KEY && nowMs < this.#beaconMs + BEACON_EVERY_MS) {
        this.#effects.set(key, this.#beaconMs + BEACON_EVERY_MS);
      }
    }
  }

  /** Ends the rest of what may be asked for again. */
  tick(nowMs: number): void {
    for (const [key, restUntilMs] of this.#effects)
      if (restUntilMs !== undefined && restUntilMs <= nowMs) this.#drop(key);
  }

  /** Whether an agent may speak of an attempt whose assignment was not folded yet. */
  awaits(task: string, attempt: number): boolean {
    const assignment = this.assignments.get(assignKey(task, attempt));
    return assignment !== undefined && this.#unseen.get(assignment.inbox)?.has(assignment.key) === true;
  }

  /** A folded record ends an effect for good; one that never happened only while it was not folded. */
  #rest(key: EffectKey, nowMs: number): void {
    if (!this.#effects.has(key)) return;
    this.#effects.set(key, nowMs + REST_MS);
    this.assignments.delete(key);
  }

  #drop(key: EffectKey): void {
    this.#effects.delete(key);
    this.assignments.delete(key);
  }

  #seen(inbox: TopicId, key: EffectKey): void {
    const unseen = this.#unseen.get(inbox);
    unseen?.delete(key);
    if (unseen?.size === 0) this.#unseen.delete(inbox);
  }
}
