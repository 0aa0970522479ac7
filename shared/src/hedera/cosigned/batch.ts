import { proto } from '@hiero-ledger/proto';
import type {
  BatchReading,
  Cosignature,
  EscrowBatch,
  OuterFields,
  Signer,
  UnsignedBatch,
} from '../../ledger/cosigner.js';
import type { Action } from '../../ledger/ledger.js';
import type { Payee } from '../../ledger/payee.js';
import { sha256 } from '../../vocabulary/digest.js';
import { GatepostError } from '../../vocabulary/errors.js';
import { type AccountId, accountId, type ScheduleId, type TokenId, type TransactionId } from '../../vocabulary/ids.js';
import { MAX_PAYEES } from '../../vocabulary/limits.js';
import { parseNanos } from '../../vocabulary/time.js';
import {
  accountOf,
  accountProto,
  bigintOf,
  isSame,
  keyProto,
  listOfOne,
  long,
  scheduleOf,
  scheduleProto,
  signaturePair,
  signedTransaction,
  tokenOf,
  tokenProto,
  topicOf,
  topicProto,
  transactionIdOf,
  transactionIdProto,
} from './wire.js';

/** The node of an inner transaction: none. */
const NO_NODE = accountId('0.0.0');
/** Most that an inner transaction may cost its payer: 2 hbar, as the SDK has it. */
const INNER_MAX_FEE_TINYBAR = 200_000_000n;
/** Inner transactions of one batch, as the network has it (facts, section 8). */
const MAX_INNER = 50;

/** What an inner transaction does. The transfer is the first, and the only one. */
type InnerAction =
  | { readonly kind: 'transfer'; readonly from: AccountId; readonly token: TokenId; readonly payees: readonly Payee[] }
  | Extract<Action, { kind: 'message' | 'unschedule' }>;

/** What all inner transactions of a batch have in common. */
interface InnerFrame {
  readonly validSeconds: number;
  /** Public key, DER hex, of who has to sign the batch: a transaction of it can be in no other. */
  readonly batchKey: string;
}

function dataOf(action: InnerAction): proto.ITransactionBody {
  switch (action.kind) {
    case 'transfer': {
      const total = action.payees.reduce((sum, { amount }) => sum + amount, 0n);
      const entries = [...action.payees, { to: action.from, amount: -total }];
      const transfers = entries.map(({ to, amount }) => ({ accountID: accountProto(to), amount: long(amount) }));
      return { cryptoTransfer: { tokenTransfers: [{ token: tokenProto(action.token), transfers }] } };
    }
    case 'message':
      return { consensusSubmitMessage: { topicID: topicProto(action.topic), message: action.message } };
    case 'unschedule':
      return { scheduleDelete: { scheduleID: scheduleProto(action.schedule) } };
  }
}

const innerBody = (id: TransactionId, { validSeconds, batchKey }: InnerFrame, action: InnerAction): Uint8Array =>
  proto.TransactionBody.encode({
    transactionID: transactionIdProto(id),
    nodeAccountID: accountProto(NO_NODE),
    transactionFee: long(INNER_MAX_FEE_TINYBAR),
    transactionValidDuration: { seconds: long(BigInt(validSeconds)) },
    batchKey: keyProto(batchKey),
    ...dataOf(action),
  }).finish();

/** One inner transaction, signed by its payer. */
export function innerTransaction(id: TransactionId, frame: InnerFrame, action: InnerAction, payer: Signer): Uint8Array {
  const body = innerBody(id, frame, action);
  return signedTransaction(body, [signaturePair(payer.publicKey, payer.sign(body))]);
}

/** The inner transactions with the cosigner's signature put into the first. */
function withTransferSigned(inner: readonly Uint8Array[], publicKey: string, signature: Uint8Array): Uint8Array[] {
  const [transfer, ...others] = inner;
  if (transfer === undefined) throw new GatepostError('INTERNAL', 'a batch without a transfer');
  const { bodyBytes, sigMap } = proto.SignedTransaction.decode(transfer);
  return [signedTransaction(bodyBytes, [...(sigMap?.sigPair ?? []), signaturePair(publicKey, signature)]), ...others];
}

/** The body of the outer transaction: what its payer and the holder of the batch key sign. */
const outerBody = (inner: readonly Uint8Array[], { id, node, validSeconds, maxFeeTinybar }: OuterFields): Uint8Array =>
  proto.TransactionBody.encode({
    transactionID: transactionIdProto(id),
    nodeAccountID: accountProto(node),
    transactionFee: long(maxFeeTinybar),
    transactionValidDuration: { seconds: long(BigInt(validSeconds)) },
    atomicBatch: { transactions: [...inner] },
  }).finish();

/** The bytes to submit, once the cosigner has signed. */
export function sealedBatch(
  { inner, outer }: UnsignedBatch,
  cosigner: { readonly publicKey: string; readonly signature: Cosignature },
  payer: Signer,
): Uint8Array {
  const { publicKey, signature } = cosigner;
  const body = outerBody(withTransferSigned(inner, publicKey, signature.transfer), outer);
  const signatures = [signaturePair(payer.publicKey, payer.sign(body)), signaturePair(publicKey, signature.outer)];
  return listOfOne(signedTransaction(body, signatures));
}

/**
 * Reads a batch that pays out of an escrow. Only what `innerTransaction` makes is taken, byte by byte: one token transfer
 * out of one account, messages, deletions of schedules, all of one payer and one window, for this batch key and for no node.
 * @param batchKey of the cosigner that is asked, DER hex.
 * @returns an objection in words for anything else; never throws for what anybody may have sent.
 */
export function readBatch({ inner, outer }: UnsignedBatch, batchKey: string): BatchReading {
  try {
    return read(inner, outer, batchKey);
  } catch (error) {
    return { objection: error instanceof Error ? error.message : String(error) };
  }
}

function read(inner: readonly Uint8Array[], outer: OuterFields, batchKey: string): EscrowBatch {
  if (inner.length > MAX_INNER) throw new RangeError(`it has ${inner.length} inner transactions`);
  const frame = { validSeconds: outer.validSeconds, batchKey };
  const parts = inner.map((bytes, index) => readInner(bytes, frame, `inner transaction ${index + 1}`));
  const [first, ...others] = parts;
  if (first?.action.kind !== 'transfer') throw new RangeError('its first inner transaction is no transfer');
  const { from, token, payees } = first.action;
  const payer = payerOf(outer.id);
  const messages: EscrowBatch['messages'][number][] = [];
  const unscheduled: ScheduleId[] = [];
  for (const { id, action } of parts)
    if (payerOf(id) !== payer) throw new RangeError(`${id} (${action.kind}) has another payer than the batch`);
  for (const { action } of others) {
    if (action.kind === 'message') messages.push(action);
    else if (action.kind === 'unschedule') unscheduled.push(action.schedule);
    else throw new RangeError('it has more than one transfer');
  }
  const unsigned = outerBody(inner, outer);
  return {
    digest: sha256(unsigned),
    id: outer.id,
    payer,
    validStart: parseNanos(outer.id.split('@')[1] ?? ''),
    validSeconds: outer.validSeconds,
    from,
    token,
    payees,
    transfer: first.id,
    messages,
    unscheduled,
    sign: (cosigner) => {
      const transfer = cosigner.sign(first.body);
      const sealed = withTransferSigned(inner, cosigner.publicKey, transfer);
      return { transfer, outer: cosigner.sign(outerBody(sealed, outer)) };
    },
  };
}

const payerOf = (id: TransactionId): AccountId => accountId(id.split('@')[0] ?? '');

interface ReadInner {
  readonly id: TransactionId;
  readonly body: Uint8Array;
  readonly action: InnerAction;
}

function readInner(bytes: Uint8Array, frame: InnerFrame, what: string): ReadInner {
  const { bodyBytes, sigMap } = proto.SignedTransaction.decode(bytes);
  const pairs = sigMap?.sigPair ?? [];
  if (pairs.length !== 1) throw new RangeError(`${what} has ${pairs.length} signatures instead of its payer's alone`);
  if (!isSame(signedTransaction(bodyBytes, pairs), bytes))
    throw new RangeError(`${what} has more than body and signature`);
  const body = proto.TransactionBody.decode(bodyBytes);
  const id = transactionIdOf(body.transactionID);
  const action = actionOf(body, what);
  // Whatever else stands in it, or stands in it otherwise, makes other bytes.
  if (!isSame(innerBody(id, frame, action), bodyBytes)) throw new RangeError(`${what} is not as it has to be`);
  return { id, body: bodyBytes, action };
}

function actionOf(body: proto.ITransactionBody, what: string): InnerAction {
  if (body.cryptoTransfer) return transferOf(body.cryptoTransfer, what);
  if (body.consensusSubmitMessage) {
    const { topicID, message } = body.consensusSubmitMessage;
    return { kind: 'message', topic: topicOf(topicID), message: message ?? new Uint8Array() };
  }
  if (body.scheduleDelete) return { kind: 'unschedule', schedule: scheduleOf(body.scheduleDelete.scheduleID) };
  throw new RangeError(`${what} is neither a transfer, nor a message, nor the deletion of a schedule`);
}

function transferOf({ tokenTransfers }: proto.ICryptoTransferTransactionBody, what: string): InnerAction {
  const [list, ...more] = tokenTransfers ?? [];
  if (list === undefined || more.length > 0) throw new RangeError(`${what} moves other than one token`);
  const entries = (list.transfers ?? []).map(({ accountID, amount }) => ({
    to: accountOf(accountID),
    amount: bigintOf(amount),
  }));
  const payees = entries.slice(0, -1);
  const from = entries.at(-1)?.to;
  if (from === undefined || payees.length === 0 || payees.length > MAX_PAYEES) {
    throw new RangeError(`${what} pays ${payees.length} accounts`);
  }
  if (payees.some(({ amount }) => amount <= 0n)) throw new RangeError(`${what} takes from more than one account`);
  if (new Set(entries.map(({ to }) => to)).size < entries.length)
    throw new RangeError(`${what} names an account twice`);
  return { kind: 'transfer', from, token: tokenOf(list.token), payees };
}
