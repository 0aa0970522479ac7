import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountId, TransactionReceipt as SdkReceipt, Transaction } from '@hashgraph/sdk';
import type { ExecuteOptions, PreparedTransaction } from '../ledger/ledger.js';
import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
import {
  accountId,
  scheduleId,
  type TransactionId,
  tokenId,
  topicId,
  transactionIdFromMirror,
} from '../vocabulary/ids.js';
import { type Outcome, type Receipt, requireDone } from '../vocabulary/outcome.js';
import { msFromNanos, NANOS_PER_SECOND, type Nanos, parseNanos } from '../vocabulary/time.js';
import type { AccountKey } from './account-key.js';
import { classifyReceipt, classifySubmission, isNotNow, type SubmissionError } from './classify.js';
import type { Connection } from './connection.js';
import type { MirrorTransaction } from './mirror-rest.js';
import { sdk } from './sdk.js';
import type { ShownMessages } from './shown-messages.js';

export interface PrepareOptions {
  /** Fixed id; a new one of the connection's account when left out. */
  readonly id?: TransactionId;
  /** 15 to 180; how long the network may take it. Default 120. */
  readonly validSeconds?: number;
  /** Ceiling of the fee. Default 2 ℏ, the SDK's; token creation needs more. */
  readonly maxFeeHbar?: number;
  readonly memo?: string;
  /** Keys that must sign besides the connection's own. */
  readonly signers?: readonly AccountKey[];
}

export const DEFAULT_VALID_SECONDS = 120;
/** How long one round of asking for a receipt may take before the mirror is asked: it was accepted, or may have been. */
const RECEIPT_TIMEOUT_MS = { taken: 15_000, maybe: 4_000 };
/** How long a subscription has to show a message that was taken before its receipt is asked for as well. */
const SHOWN_WITHIN_MS = 50;
const RETRY_PAUSE_MS = 500;
/** Pauses before nodes that were busy are asked again: the first, and the longest. */
const BUSY_PAUSE_MS = 100;
const MAX_BUSY_PAUSE_MS = 4_000;
/** Attempts at nodes that do not answer, before the mirror is asked. */
const SUBMIT_ATTEMPTS = 10;
/** The mirror may lag the end of the valid window by this much before the outcome is called unknown. */
const MIRROR_PATIENCE_MS = 60_000;
/** So long after the window the network's clock is helped on when nobody else does, and how often. */
const NUDGE_AFTER_MS = 2_000;
const NUDGE_EVERY_MS = 5_000;

/**
 * Prepared in this process and not submitted yet: what a node says of them first is about them alone. With the transaction
 * behind the bytes, where there is one, so that it need not be read from them again.
 */
const fresh = new WeakMap<PreparedTransaction, Transaction | undefined>();

/** The last moment, consensus time, at which a transaction id can still be taken. */
export function validUntil(id: TransactionId, validSeconds: number): Nanos {
  return parseNanos(id.split('@')[1] ?? '') + BigInt(validSeconds) * NANOS_PER_SECOND;
}

/** Applies what every transaction of ours fixes before freezing: id, window, ceiling, and no new id ever. */
export function configure<T extends Transaction>(
  connection: Connection,
  transaction: T,
  options: PrepareOptions,
): TransactionId {
  const id = options.id ?? connection.nextTransactionId();
  transaction
    .setTransactionId(sdk.TransactionId.fromString(id))
    .setTransactionValidDuration(options.validSeconds ?? DEFAULT_VALID_SECONDS)
    .setMaxTransactionFee(new sdk.Hbar(options.maxFeeHbar ?? 2))
    .setRegenerateTransactionId(false);
  if (options.memo !== undefined) transaction.setTransactionMemo(options.memo);
  return id;
}

/** All nodes of the network. Left to itself the SDK takes those it believes healthy, and after a failure there is none. */
export function nodesOf({ client }: Connection): AccountId[] {
  const nodes = new Map(Object.values(client.network).map((node) => [node.toString(), node]));
  return [...nodes.values()].map((node) => (typeof node === 'string' ? sdk.AccountId.fromString(node) : node));
}

/** Fixes id and content and signs; sends nothing. */
export async function prepare(
  connection: Connection,
  transaction: Transaction,
  options: PrepareOptions = {},
): Promise<PreparedTransaction> {
  const id = configure(connection, transaction, options);
  transaction.setNodeAccountIds(nodesOf(connection));
  transaction.freezeWith(connection.client);
  await transaction.signWithOperator(connection.client);
  for (const key of options.signers ?? []) {
    await transaction.signWith(key.publicKey, async (message) => key.sign(message));
  }
  const validSeconds = options.validSeconds ?? DEFAULT_VALID_SECONDS;
  return freshlyPrepared(id, transaction.toBytes(), validSeconds, transaction);
}

/** What was just signed in this process. */
export function freshlyPrepared(
  id: TransactionId,
  bytes: Uint8Array,
  validSeconds: number,
  transaction?: Transaction,
): PreparedTransaction {
  const prepared = { id, bytes, validUntil: validUntil(id, validSeconds) };
  fresh.set(prepared, transaction);
  return prepared;
}

function receiptOf(id: TransactionId, receipt: SdkReceipt): Receipt {
  return {
    id,
    accountId: receipt.accountId ? accountId(receipt.accountId.toString()) : undefined,
    topicId: receipt.topicId ? topicId(receipt.topicId.toString()) : undefined,
    tokenId: receipt.tokenId ? tokenId(receipt.tokenId.toString()) : undefined,
    scheduleId: receipt.scheduleId ? scheduleId(receipt.scheduleId.toString()) : undefined,
    topicSequenceNumber: receipt.topicSequenceNumber?.toNumber() || undefined,
  };
}

/** A receipt as far as the mirror tells: what a transaction made or wrote to, without the sequence number. */
function mirroredReceipt({ transaction_id, name, entity_id }: MirrorTransaction): Receipt {
  const entity = (kind: string): string | undefined =>
    name.startsWith(kind) && entity_id !== null ? entity_id : undefined;
  const [account, topic] = [entity('CRYPTOCREATE'), entity('CONSENSUSCREATETOPIC')];
  const [token, schedule] = [entity('TOKENCREATION'), entity('SCHEDULECREATE')];
  return {
    id: transactionIdFromMirror(transaction_id),
    accountId: account === undefined ? undefined : accountId(account),
    topicId: topic === undefined ? undefined : topicId(topic),
    tokenId: token === undefined ? undefined : tokenId(token),
    scheduleId: schedule === undefined ? undefined : scheduleId(schedule),
    topicSequenceNumber: undefined,
  };
}

/** The transaction behind its bytes, with its id locked: asking for the id is how the SDK is told never to make another. */
function restore(prepared: PreparedTransaction): Transaction {
  const transaction = sdk.Transaction.fromBytes(prepared.bytes);
  const id = transaction.transactionId?.toString();
  if (id === prepared.id) return transaction;
  throw new GatepostError('INTERNAL', `the bytes of ${prepared.id} hold ${id ?? 'no id'}`);
}

/** What came of a submission, and whether one of its attempts may have been taken although it had no answer. */
type Submission = (SubmissionError | { readonly kind: 'taken' }) & { readonly hadNoAnswer: boolean };

/** Node after node until one answers. The SDK's own attempts would not tell an answer from silence in the end. */
async function submit(connection: Connection, transaction: Transaction): Promise<Submission> {
  transaction.setMaxAttempts(1);
  let hadNoAnswer = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await transaction.execute(connection.client);
      return { kind: 'taken', hadNoAnswer };
    } catch (error) {
      const submission = classifySubmission(error);
      hadNoAnswer ||= submission.kind === 'unanswered';
      if (submission.kind !== 'unanswered' || attempt === SUBMIT_ATTEMPTS) return { ...submission, hadNoAnswer };
    }
  }
}

/** The final receipt of an id; undefined when it is not there, not final or not to be had: the mirror is asked then. */
async function askReceipt(
  connection: Connection,
  id: TransactionId,
  timeoutMs: number,
): Promise<SdkReceipt | undefined> {
  const query = new sdk.TransactionReceiptQuery().setTransactionId(id).setValidateStatus(false);
  try {
    return await query.execute(connection.client, timeoutMs);
  } catch (error) {
    classifyReceipt(error);
    return undefined;
  }
}

/** A message of one piece, awaited where its topic is followed. */
function awaitedBy(
  { shown }: Connection,
  id: TransactionId,
  transaction: Transaction,
): ReturnType<ShownMessages['expect']> {
  if (!(transaction instanceof sdk.TopicMessageSubmitTransaction)) return undefined;
  const { topicId: topic, message } = transaction;
  return topic && message ? shown.expect(id, topicId(topic.toString()), message) : undefined;
}

/** Why something never happened whose window closed while it was tried. */
const TOO_LATE = 'the network did not take it within its window';

/** One execution: what was learnt so far of a transaction, and how to learn the rest. */
class Execution {
  readonly #transaction: Transaction;
  readonly #startedMs: number;
  readonly #giveUpMs: number;
  /** Whether an earlier submission of these bytes may have been taken. */
  #maybeTaken: boolean;
  /** Whether the network took these bytes from this process, so that a duplicate is its own. */
  #takenHere = false;
  #asked = false;
  #mirrorTime: Nanos | undefined;
  #nudgedMs = 0;
  #busyRounds = 0;
  /** Where a subscription of this process would show it. */
  readonly #awaited: ReturnType<ShownMessages['expect']>;
  why = 'no answer';

  constructor(
    readonly connection: Connection,
    readonly prepared: PreparedTransaction,
  ) {
    this.#transaction = fresh.get(prepared) ?? restore(prepared);
    this.#maybeTaken = !fresh.delete(prepared);
    this.#awaited = awaitedBy(connection, prepared.id, this.#transaction);
    this.#startedMs = connection.nowMs();
    this.#giveUpMs = Math.max(this.#startedMs, msFromNanos(prepared.validUntil)) + MIRROR_PATIENCE_MS;
  }

  get isOver(): boolean {
    return this.connection.nowMs() > this.#giveUpMs;
  }

  /** How long to wait for the next round; those that a busy network turned away do not come back together. */
  get pauseMs(): number {
    if (this.#busyRounds === 0) return RETRY_PAUSE_MS;
    const pauseMs = Math.min(MAX_BUSY_PAUSE_MS, BUSY_PAUSE_MS * 2 ** (this.#busyRounds - 1));
    return pauseMs / 2 + randomInt(pauseMs);
  }

  /** One round of submitting, asking for the receipt and asking the mirror; undefined when nobody could tell. */
  async round(): Promise<Outcome | undefined> {
    const { connection, prepared } = this;
    const { id } = prepared;
    const isFirst = !this.#asked;
    this.#asked = true;
    const submission = await submit(connection, this.#transaction);
    this.#maybeTaken ||= submission.hadNoAnswer;
    this.#busyRounds = submission.kind === 'later' ? this.#busyRounds + 1 : 0;
    switch (submission.kind) {
      case 'refused':
        if (!this.#maybeTaken) return { kind: 'refused', id, status: submission.status };
        this.why = submission.status;
        break;
      case 'expired':
        // At the first try it says that a clock is wrong; later only that the network took its time.
        this.why = isFirst ? 'TRANSACTION_EXPIRED' : TOO_LATE;
        if (!this.#maybeTaken) return { kind: 'never', id, why: this.why };
        break;
      case 'later':
        this.why = submission.why;
        // Nothing of it can be on the mirror; once its window is over, a node says so.
        if (!this.#maybeTaken && connection.nowMs() < msFromNanos(prepared.validUntil)) return undefined;
        break;
      case 'unanswered':
        this.why = submission.why;
        break;
      case 'duplicate':
        this.#maybeTaken = true;
        break;
      case 'taken':
        this.#maybeTaken = true;
        this.#takenHere = true;
        break;
    }
    return (await this.#byReceipt(submission.kind === 'taken')) ?? (await this.#byMirror());
  }

  /** What the receipt says. It does not tell whose bytes it is about, so it counts only when ours were taken. */
  async #byReceipt(taken: boolean): Promise<Outcome | undefined> {
    if (!this.#takenHere) return undefined;
    const { id } = this.prepared;
    const patience = taken ? RECEIPT_TIMEOUT_MS.taken : RECEIPT_TIMEOUT_MS.maybe;
    const shown = await this.#shownWithin(SHOWN_WITHIN_MS);
    if (shown !== undefined) return shown;
    const receipt = await askReceipt(this.connection, id, patience);
    if (receipt === undefined) return undefined;
    if (receipt.status === sdk.Status.Success) return { kind: 'done', receipt: receiptOf(id, receipt) };
    const status = receipt.status.toString();
    return isNotNow(receipt.status) ? { kind: 'never', id, why: status } : { kind: 'refused', id, status };
  }

  /** What a subscription shows within a time; undefined at once where there is none. */
  async #shownWithin(ms: number): Promise<Outcome | undefined> {
    const topicSequenceNumber = await this.#awaited?.within(ms);
    if (topicSequenceNumber === undefined) return undefined;
    const { id } = this.prepared;
    const made = { accountId: undefined, topicId: undefined, tokenId: undefined, scheduleId: undefined };
    return { kind: 'done', receipt: { id, ...made, topicSequenceNumber } };
  }

  /** Nothing is awaited any more. */
  close(): void {
    this.#awaited?.giveUp();
  }

  /** What the mirror shows of the id; `never` once it is sure that it did not and will not happen. */
  async #byMirror(): Promise<Outcome | undefined> {
    const { connection, prepared } = this;
    try {
      // The clock is read first: what is absent from an answer given after the window closed never happened.
      const now = await connection.mirror.now();
      const outcome = await this.#shown();
      if (outcome !== undefined) return outcome;
      if (now > prepared.validUntil) return { kind: 'never', id: prepared.id, why: this.why };
      await this.#nudge(now);
    } catch (error) {
      this.why = toGatepostError(error, 'MIRROR_UNREACHABLE').message;
    }
    return undefined;
  }

  async #shown(): Promise<Outcome | undefined> {
    const { id } = this.prepared;
    const entries = await this.connection.mirror.transaction(id);
    const found = entries.find((entry) => entry.nonce === 0 && !entry.scheduled);
    if (found === undefined) return undefined;
    if (!(await this.#isOurs(found.transaction_hash))) {
      return { kind: 'never', id, why: 'another transaction of this account has the same id' };
    }
    if (found.result !== 'SUCCESS') return { kind: 'refused', id, status: found.result };
    const receipt = mirroredReceipt(found);
    return { kind: 'done', receipt };
  }

  /** Whether a hash, base64, is that of our signed bytes; they differ from node to node. */
  async #isOurs(hash: string): Promise<boolean> {
    const hashes = await this.#transaction.getTransactionHashPerNode();
    return [...hashes.values()].some((own) => Buffer.from(own).toString('base64') === hash);
  }

  /** Time on a network is that of its transactions: where nobody else makes any, ours moves it past the window. */
  async #nudge(now: Nanos): Promise<void> {
    const { connection, prepared } = this;
    const stands = this.#mirrorTime === now;
    this.#mirrorTime = now;
    const nowMs = connection.nowMs();
    if (!stands || nowMs < msFromNanos(prepared.validUntil) + NUDGE_AFTER_MS) return;
    if (nowMs < this.#nudgedMs + NUDGE_EVERY_MS) return;
    this.#nudgedMs = nowMs;
    const nothing = new sdk.TransferTransaction();
    configure(connection, nothing, { validSeconds: 15 });
    const nudged = await submit(connection, nothing);
    if (nudged.kind !== 'taken') this.why = `the network's time stands still: ${nudged.kind}`;
  }
}

/**
 * Submits a prepared transaction until its outcome is known: the same signed bytes each time, then its receipt,
 * then the mirror, until the id is found with these bytes or its valid window has passed on the mirror's own clock.
 * Bounded by the valid window and a minute for the mirror's lag, after which the outcome is `unknown`, as it is when
 * the signal aborts.
 */
export async function execute(
  connection: Connection,
  prepared: PreparedTransaction,
  { signal, onWait }: ExecuteOptions = {},
): Promise<Outcome> {
  const execution = new Execution(connection, prepared);
  try {
    while (signal?.aborted !== true) {
      const outcome = await execution.round();
      if (outcome !== undefined) return outcome;
      onWait?.(execution.why);
      if (execution.isOver) break;
      await sleep(execution.pauseMs);
    }
  } finally {
    execution.close();
  }
  return { kind: 'unknown', id: prepared.id, why: execution.why };
}

/**
 * Prepares and executes in one go, for what need not survive a crash in between.
 * @throws GatepostError LEDGER_REJECTED with `status`, LEDGER_UNREACHABLE when it never happened, OUTCOME_UNKNOWN.
 */
export async function send(
  connection: Connection,
  transaction: Transaction,
  options: PrepareOptions = {},
): Promise<Receipt> {
  return requireDone(await execute(connection, await prepare(connection, transaction, options)));
}

/** The status name of a rejection; undefined for any other error. */
export function rejectionStatus(error: unknown): string | undefined {
  return error instanceof GatepostError && error.code === 'LEDGER_REJECTED' ? String(error.meta.status) : undefined;
}
