import { setTimeout as sleep } from 'node:timers/promises';
import {
  Hbar,
  MaxAttemptsOrTimeoutError,
  PrecheckStatusError,
  type TransactionReceipt as SdkReceipt,
  TransactionId as SdkTransactionId,
  Status,
  Transaction,
  TransactionReceiptQuery,
} from '@hashgraph/sdk';
import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
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
  transactionIdFromMirror,
} from '../vocabulary/ids.js';
import { NANOS_PER_SECOND, type Nanos, nanosFromMs, parseNanos } from '../vocabulary/time.js';
import type { AccountKey } from './account-key.js';
import type { Connection } from './connection.js';

/** A signed transaction. Its id and its bytes never change, so it can be submitted again without happening twice. */
export interface PreparedTransaction {
  readonly id: TransactionId;
  /** The signed bytes; enough to submit it from another process. */
  readonly bytes: Uint8Array;
  /** After this consensus time the network will not take it any more. */
  readonly validUntil: Nanos;
}

/** What became of a transaction. */
export interface Receipt {
  readonly id: TransactionId;
  readonly accountId: AccountId | undefined;
  readonly topicId: TopicId | undefined;
  readonly tokenId: TokenId | undefined;
  readonly scheduleId: ScheduleId | undefined;
  readonly topicSequenceNumber: number | undefined;
}

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

const DEFAULT_VALID_SECONDS = 120;
/** How long one round of asking for a receipt may take before the mirror is asked: it was accepted, or may have been. */
const RECEIPT_TIMEOUT_MS = { taken: 15_000, maybe: 4_000 };
const RETRY_PAUSE_MS = 500;
/** The mirror may lag the end of the valid window by this much before the outcome is called unknown. */
const MIRROR_PATIENCE: Nanos = 60n * NANOS_PER_SECOND;

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
    .setTransactionId(SdkTransactionId.fromString(id))
    .setTransactionValidDuration(options.validSeconds ?? DEFAULT_VALID_SECONDS)
    .setMaxTransactionFee(new Hbar(options.maxFeeHbar ?? 2))
    .setRegenerateTransactionId(false);
  if (options.memo !== undefined) transaction.setTransactionMemo(options.memo);
  return id;
}

/** Fixes id and content and signs; sends nothing. */
export async function prepare(
  connection: Connection,
  transaction: Transaction,
  options: PrepareOptions = {},
): Promise<PreparedTransaction> {
  const id = configure(connection, transaction, options);
  transaction.freezeWith(connection.client);
  await transaction.signWithOperator(connection.client);
  for (const key of options.signers ?? []) {
    await transaction.signWith(key.publicKey, async (message) => key.sign(message));
  }
  const until = validUntil(id, options.validSeconds ?? DEFAULT_VALID_SECONDS);
  return { id, bytes: transaction.toBytes(), validUntil: until };
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

function rejected(id: TransactionId, status: string, meta: Record<string, unknown> = {}): GatepostError {
  return new GatepostError('LEDGER_REJECTED', `the ledger answered ${status} for ${id}`, { status, id, ...meta });
}

/** Statuses at precheck that say nothing about an earlier submission of the same id. */
const MAYBE_TAKEN = new Set([Status.DuplicateTransaction, Status.TransactionExpired]);

/** Whether an error of the SDK says that the network could not be asked, rather than that we asked wrongly. */
function isTransport(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof MaxAttemptsOrTimeoutError || error.name === 'GrpcServiceError') return true;
  return /Network connectivity issue|timeout|UNAVAILABLE/i.test(error.message);
}

/** The transaction behind its bytes, with its id locked: asking for the id is how the SDK is told never to make another. */
function restore(prepared: PreparedTransaction): Transaction {
  const transaction = Transaction.fromBytes(prepared.bytes);
  const id = transaction.transactionId?.toString();
  if (id === prepared.id) return transaction;
  throw new GatepostError('INTERNAL', `the bytes of ${prepared.id} hold ${id ?? 'no id'}`);
}

type Submission = 'taken' | 'maybe' | { readonly refused: Status };

async function submit(connection: Connection, prepared: PreparedTransaction): Promise<Submission> {
  try {
    await restore(prepared).execute(connection.client);
    return 'taken';
  } catch (error) {
    if (error instanceof PrecheckStatusError) {
      return MAYBE_TAKEN.has(error.status) ? 'maybe' : { refused: error.status };
    }
    if (isTransport(error)) return 'maybe';
    throw toGatepostError(error);
  }
}

/** The receipt of an id; undefined when it is not there, not final or not to be had: all three are answered elsewhere. */
async function askReceipt(
  connection: Connection,
  id: TransactionId,
  timeoutMs: number,
): Promise<SdkReceipt | undefined> {
  const query = new TransactionReceiptQuery().setTransactionId(id).setValidateStatus(false);
  try {
    return await query.execute(connection.client, timeoutMs);
  } catch (error) {
    if (error instanceof PrecheckStatusError || isTransport(error)) return undefined;
    throw toGatepostError(error);
  }
}

/** What the mirror knows of an id: its result; 'never' once it is sure that it did not and will not happen. */
async function askMirror(
  connection: Connection,
  prepared: PreparedTransaction,
): Promise<Receipt | 'never' | undefined> {
  // The clock is read first: what is absent from an answer given after the window closed never happened.
  const now = await connection.mirror.now();
  const found = (await connection.mirror.transaction(prepared.id)).find(
    (entry) => entry.nonce === 0 && !entry.scheduled,
  );
  if (found === undefined) return now > prepared.validUntil ? 'never' : undefined;
  const id = transactionIdFromMirror(found.transaction_id);
  if (found.result !== 'SUCCESS') throw rejected(id, found.result);
  const entity = found.entity_id ?? undefined;
  return {
    id,
    accountId: entity as AccountId | undefined,
    topicId: entity as TopicId | undefined,
    tokenId: entity as TokenId | undefined,
    scheduleId: entity as ScheduleId | undefined,
    topicSequenceNumber: undefined,
  };
}

/**
 * Submits a prepared transaction until its outcome is known: the same signed bytes each time, then its receipt,
 * then the mirror, until the id is found or its valid window has passed on the mirror's own clock.
 * @throws GatepostError LEDGER_REJECTED with `status`; LEDGER_UNREACHABLE when it certainly never happened for lack of
 * a connection; OUTCOME_UNKNOWN when neither the receipt nor the mirror could tell in time.
 */
export async function execute(connection: Connection, prepared: PreparedTransaction): Promise<Receipt> {
  let ambiguous = false;
  for (;;) {
    const submission = await submit(connection, prepared);
    if (typeof submission === 'object' && !ambiguous) throw rejected(prepared.id, submission.refused.toString());
    ambiguous = true;
    const patience = submission === 'taken' ? RECEIPT_TIMEOUT_MS.taken : RECEIPT_TIMEOUT_MS.maybe;
    const receipt = await askReceipt(connection, prepared.id, patience);
    if (receipt !== undefined) {
      if (receipt.status === Status.Success) return receiptOf(prepared.id, receipt);
      throw rejected(prepared.id, receipt.status.toString(), { scheduleId: receipt.scheduleId?.toString() });
    }
    const mirrored = await askMirrorPatiently(connection, prepared);
    if (mirrored === 'never') {
      throw new GatepostError('LEDGER_UNREACHABLE', `${prepared.id} did not reach the ledger within its valid window`, {
        id: prepared.id,
      });
    }
    if (mirrored !== undefined) return mirrored;
    await sleep(RETRY_PAUSE_MS);
  }
}

async function askMirrorPatiently(
  connection: Connection,
  prepared: PreparedTransaction,
): Promise<Receipt | 'never' | undefined> {
  try {
    return await askMirror(connection, prepared);
  } catch (error) {
    if (error instanceof GatepostError && error.code === 'LEDGER_REJECTED') throw error;
    if (nanosFromMs(connection.nowMs()) < prepared.validUntil + MIRROR_PATIENCE) return undefined;
    throw new GatepostError(
      'OUTCOME_UNKNOWN',
      `cannot learn what became of ${prepared.id}`,
      { id: prepared.id },
      error,
    );
  }
}

/** Prepares and executes in one go, for what need not survive a crash in between. */
export async function send(
  connection: Connection,
  transaction: Transaction,
  options: PrepareOptions = {},
): Promise<Receipt> {
  return execute(connection, await prepare(connection, transaction, options));
}

/** The status name of a rejection; undefined for any other error. */
export function rejectionStatus(error: unknown): string | undefined {
  return error instanceof GatepostError && error.code === 'LEDGER_REJECTED' ? String(error.meta.status) : undefined;
}
