import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import { findOrReview } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { AccountId, TokenId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { Sessions } from './sessions.js';

/** Longest window of a transaction that is signed, seconds. */
export const MAX_VALID_SECONDS = 180;

/** Payments remembered that may still happen; beyond it nothing more is signed until some are over. */
const MAX_LIVING = 100_000;

/** The result of a batch of which nothing happened. */
const INNER_TRANSACTION_FAILED = 'INNER_TRANSACTION_FAILED';

/** One payment that a `settled` record of a batch tells of. */
export interface AskedPayment {
  readonly task: string;
  readonly attempt: number;
  readonly to: AccountId;
  readonly amount: TokenAmount;
}

/** What a batch would do, as its bytes say; nothing in it is believed. */
export interface AskedBatch {
  /** SHA-256 over everything that is signed: two requests with the same are the same request. */
  readonly digest: string;
  /** Id of the outer transaction. */
  readonly id: TransactionId;
  readonly payer: AccountId;
  readonly validStart: Nanos;
  readonly validSeconds: number;
  /** Where the tokens come from, and which. */
  readonly from: AccountId;
  readonly token: TokenId;
  readonly payees: readonly { readonly to: AccountId; readonly amount: TokenAmount }[];
  /** What its messages on the journal say: the run, and what was paid in which token. */
  readonly records: readonly {
    readonly topic: TopicId;
    readonly run: string | undefined;
    readonly token: string;
    readonly transfer: string | undefined;
    readonly payments: readonly AskedPayment[];
  }[];
  /** Id of the inner transfer. */
  readonly transfer: TransactionId;
}

/** Whether to sign; when not, whether the same may be asked for again later. */
export type Answer =
  | { readonly kind: 'sign' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string };

/** A payment that was signed for and may still happen. */
interface Living {
  readonly digest: string;
  readonly id: TransactionId;
  readonly run: string;
  /** After this consensus time the network does not take it. */
  readonly validUntil: Nanos;
}

const refuse = (reason: string): Answer => ({ kind: 'refuse', reason });
const wait = (reason: string): Answer => ({ kind: 'wait', reason });

/**
 * When the gatekeeper signs a batch: each payment in it is due by the gatekeeper's own fold, and is signed for in no other
 * transaction that may still happen. Pure; it knows the time only by how far the journal was read.
 */
export class Cosigning {
  readonly #living = new Map<string, Living>();

  constructor(readonly sessions: Sessions) {}

  /** Payments that were signed for and may still happen, as far as is known. */
  get living(): number {
    return this.#living.size;
  }

  /**
   * Decides on a batch and remembers what it is signed for.
   * @param state this party's own fold of the run, with everything on the journal up to `readUntil`.
   * @param readUntil consensus time up to which the journal was read.
   */
  ask(state: RunState, batch: AskedBatch, readUntil: Nanos): Answer {
    this.#forgetDead(state, readUntil);
    const objection =
      this.#notNow(batch, readUntil) ?? wrongFrame(state, batch) ?? wrongSums(batch) ?? this.#notDue(state, batch);
    if (objection !== undefined) return objection;
    const validUntil = batch.validStart + BigInt(batch.validSeconds) * NANOS_PER_SECOND;
    for (const payment of paymentsOf(batch)) {
      const { digest, id } = batch;
      const { run } = state.context;
      this.#living.set(keyOf(run, payment), { digest, id, run, validUntil });
    }
    return { kind: 'sign' };
  }

  /**
   * The mirror shows what an id came to. Only a batch that failed as a whole has used its id up, so that what was signed with
   * it never happens; a node's own failure, such as INVALID_PAYER_SIGNATURE, leaves the id free for the signed bytes.
   */
  cameTo(id: TransactionId, result: string): void {
    if (result !== INNER_TRANSACTION_FAILED) return;
    for (const [key, living] of this.#living) if (living.id === id) this.#living.delete(key);
  }

  /** Ids of transactions that were signed and may still happen, for who looks what became of them. */
  livingIds(): ReadonlySet<TransactionId> {
    return new Set([...this.#living.values()].map(({ id }) => id));
  }

  /**
   * What could not happen any more by the time that was read, or has happened and is on the journal. The fold of another
   * run may not have been read as far.
   */
  #forgetDead(state: RunState, readUntil: Nanos): void {
    for (const [key, living] of this.#living) {
      if (living.run !== state.context.run) continue;
      if (isSettled(state, key) || readUntil > living.validUntil) this.#living.delete(key);
    }
  }

  /** A run is closed: nothing of it is due any more. */
  forget(run: string): void {
    for (const [key, living] of this.#living) if (living.run === run) this.#living.delete(key);
  }

  #notNow({ validStart, validSeconds }: AskedBatch, readUntil: Nanos): Answer | undefined {
    const obstacle = this.sessions.obstacle(readUntil);
    if (obstacle === 'replaced') return refuse('another process of this gatekeeper is in its place');
    if (obstacle === 'ending') return wait('this process of the gatekeeper is stopping');
    if (obstacle === 'not announced') return wait('this process is not announced on the journal yet');
    if (obstacle === 'predecessor') return wait('what an earlier process of this gatekeeper signed may still happen');
    if (validSeconds > MAX_VALID_SECONDS) return refuse(`its window is ${validSeconds} s, longer than a network takes`);
    // A successor counts on it: whatever this process signs begins before the record of a newer one that it has not read.
    if (validStart > readUntil) return wait('it starts later than the mirror shows the journal');
    if (validStart + BigInt(validSeconds) * NANOS_PER_SECOND < readUntil) return refuse('its window has passed');
    if (this.#living.size >= MAX_LIVING) return wait('too many payments are signed and not yet on the journal');
    return undefined;
  }

  #notDue(state: RunState, batch: AskedBatch): Answer | undefined {
    const { run } = state.context;
    const seen = new Set<string>();
    for (const payment of paymentsOf(batch)) {
      const key = keyOf(run, payment);
      const name = `${payment.task}#${payment.attempt}`;
      if (seen.has(key)) return refuse(`${name} is in it twice`);
      seen.add(key);
      const attempt = attemptAt(findOrReview(state, payment.task), payment.attempt);
      if (attempt?.payment !== undefined) return refuse(`${name} is paid already`);
      if (attempt?.dispute !== undefined) return refuse(`${name} is disputed: the arbiter says whether it is paid`);
      if (attempt === undefined || !state.payable.has(attempt)) {
        // It may be on its way into sight: what is due stays due.
        return wait(`${name} is not due by what the journal shows`);
      }
      if (payment.amount !== attempt.price) return refuse(`${name} is worth ${attempt.price}, not ${payment.amount}`);
      if (payment.to !== attempt.agent) return refuse(`${name} is the work of ${attempt.agent}, not of ${payment.to}`);
      const living = this.#living.get(key);
      if (living !== undefined && living.digest !== batch.digest) {
        return wait(`${name} is signed for in ${living.id}, which may still happen`);
      }
    }
    return undefined;
  }
}

const keyOf = (run: string, { task, attempt }: Pick<AskedPayment, 'task' | 'attempt'>): string =>
  `${run}|${task}|${attempt}`;

function isSettled(state: RunState, key: string): boolean {
  const [, task = '', attempt = ''] = key.split('|');
  return attemptAt(findOrReview(state, task), Number(attempt))?.payment !== undefined;
}

const paymentsOf = ({ records }: AskedBatch): readonly AskedPayment[] => records.flatMap(({ payments }) => payments);

/** What must be so whatever is paid: whose money, in what, told on which topic of which run. */
function wrongFrame(state: RunState, batch: AskedBatch): Answer | undefined {
  const { context } = state;
  if (!state.opened || context.escrow === undefined) return wait('the journal does not show that the run was opened');
  if (batch.payer !== context.coordinator) return refuse(`its payer is ${batch.payer}, not ${context.coordinator}`);
  if (batch.from !== context.escrow)
    return refuse(`it takes from ${batch.from}, not from the escrow ${context.escrow}`);
  if (batch.token !== context.token) return refuse(`it moves ${batch.token}; the run pays in ${context.token}`);
  if (paymentsOf(batch).length === 0) return refuse('it records no payment');
  for (const { topic, run, token, transfer } of batch.records) {
    if (topic !== context.journal) return refuse(`it writes to ${topic}, not to the journal ${context.journal}`);
    if (run !== context.run) return refuse(`it records payments of run ${run ?? 'none'}, not of ${context.run}`);
    if (token !== context.token) return refuse(`it records payments in ${token}`);
    if (transfer !== batch.transfer)
      return refuse(`it records the transfer ${transfer ?? 'none'}, not ${batch.transfer}`);
  }
  return undefined;
}

/** The transfer gives each exactly what the records say. */
function wrongSums(batch: AskedBatch): Answer | undefined {
  const recorded = new Map<AccountId, bigint>();
  for (const { to, amount } of paymentsOf(batch)) {
    if (amount <= 0n) return refuse('it records a payment of nothing');
    recorded.set(to, (recorded.get(to) ?? 0n) + amount);
  }
  if (recorded.size !== batch.payees.length) return refuse('it pays others than it records');
  for (const { to, amount } of batch.payees) {
    if (recorded.get(to) !== amount) return refuse(`it pays ${to} ${amount}, and records ${recorded.get(to) ?? 0n}`);
  }
  return undefined;
}
