import { proto } from '@hiero-ledger/proto';
import type { Signer } from '../../ledger/cosigner.js';
import { type AccountId, accountId, type ScheduleId, type TokenId, type TransactionId } from '../../vocabulary/ids.js';
import {
  accountOf,
  accountProto,
  bigintOf,
  isSame,
  listOfOne,
  long,
  scheduledTransfer,
  scheduleOf,
  scheduleProto,
  signaturePair,
  signedTransaction,
  tokenOf,
  transactionIdOf,
  transactionIdProto,
} from './wire.js';

/** Rungs that a ladder can have: amounts of a token have no more bits. */
export const MAX_RUNGS = 62;

/** Most that one of these transactions may cost its payer: 5 hbar. */
const MAX_FEE_TINYBAR = 500_000_000n;

/**
 * One rung of a refund: at its time the network moves 2^exponent smallest units from the escrow to the owner, if so much is
 * left. Those of one ladder follow each other, the largest first: together they move all that is left, whatever that is.
 */
export interface Rung {
  readonly escrow: AccountId;
  readonly token: TokenId;
  /** Who gets the rest. */
  readonly owner: AccountId;
  /** From 0. */
  readonly exponent: number;
  /** Of the ladder: whole seconds since the Unix epoch, at which its largest rung may be due. */
  readonly refundAt: number;
  /** The escrow's key as the mirror shows it, protobuf hex: only all of it may delete the rung. */
  readonly adminKey: string;
}

/** What of a transaction is fixed beside what it does. */
export interface RefundFrame {
  readonly id: TransactionId;
  readonly validSeconds: number;
  readonly node: AccountId;
}

/** A transaction about a refund that both have to sign. */
export type RefundAction =
  | ({ readonly kind: 'rung' } & Rung)
  /** Takes a rung back. */
  | { readonly kind: 'deletion'; readonly schedule: ScheduleId };

/** When a rung is due, whole seconds since the Unix epoch. */
export const expiryOf = ({ refundAt, exponent }: Pick<Rung, 'refundAt' | 'exponent'>): number =>
  refundAt + MAX_RUNGS - exponent;

/** What the mirror shows of a rung: enough to know its ladder, its place and its money. */
export const memoOf = ({ escrow, token, owner, refundAt, exponent }: Omit<Rung, 'adminKey'>): string =>
  `refund ${escrow} ${token} ${owner} ${refundAt} ${exponent}`;

const MEMO = /^refund (\d+\.\d+\.\d+) (\d+\.\d+\.\d+) (\d+\.\d+\.\d+) (\d{1,12}) (\d{1,2})$/;

/** Reads a memo; undefined for any other. It is the creator's own word until the schedule itself was looked at. */
export function rungOfMemo(memo: string): Omit<Rung, 'adminKey'> | undefined {
  const [, escrow, token, owner, refundAt, exponent] = MEMO.exec(memo) ?? [];
  if (escrow === undefined || token === undefined || owner === undefined) return undefined;
  const rung = { escrow: accountId(escrow), token: token as TokenId, owner: accountId(owner) };
  return { ...rung, refundAt: Number(refundAt), exponent: Number(exponent) };
}

/** What the network does at the time of a rung: the bytes that the mirror shows of its schedule. */
export function scheduledBody({ escrow, token, owner, exponent }: Omit<Rung, 'adminKey'>): Uint8Array {
  return proto.SchedulableTransactionBody.encode(scheduled({ escrow, token, owner, exponent })).finish();
}

const scheduled = ({
  escrow,
  token,
  owner,
  exponent,
}: Pick<Rung, 'escrow' | 'token' | 'owner' | 'exponent'>): proto.ISchedulableTransactionBody =>
  scheduledTransfer({ escrow, token, to: owner, amount: 1n << BigInt(exponent) });

const payerOf = (id: TransactionId): AccountId => accountId(id.split('@')[0] ?? '');

function dataOf(action: RefundAction, payer: AccountId): proto.ITransactionBody {
  if (action.kind === 'deletion') return { scheduleDelete: { scheduleID: scheduleProto(action.schedule) } };
  return {
    scheduleCreate: {
      scheduledTransactionBody: scheduled(action),
      memo: memoOf(action),
      adminKey: proto.Key.decode(Buffer.from(action.adminKey, 'hex')),
      payerAccountID: accountProto(payer),
      expirationTime: { seconds: long(BigInt(expiryOf(action))) },
      waitForExpiry: true,
    },
  };
}

/** The body that both sign. */
export const refundBody = ({ id, validSeconds, node }: RefundFrame, action: RefundAction): Uint8Array =>
  proto.TransactionBody.encode({
    transactionID: transactionIdProto(id),
    nodeAccountID: accountProto(node),
    transactionFee: long(MAX_FEE_TINYBAR),
    transactionValidDuration: { seconds: long(BigInt(validSeconds)) },
    ...dataOf(action, payerOf(id)),
  }).finish();

/** The bytes to submit, once the cosigner has signed the body. */
export const sealedRefund = (
  body: Uint8Array,
  cosigner: { readonly publicKey: string; readonly signature: Uint8Array },
  payer: Signer,
): Uint8Array =>
  listOfOne(
    signedTransaction(body, [
      signaturePair(payer.publicKey, payer.sign(body)),
      signaturePair(cosigner.publicKey, cosigner.signature),
    ]),
  );

/** What a transaction about a refund would do. Nothing in it is to be believed. */
export interface ReadRefund {
  readonly id: TransactionId;
  /** Pays for it, and for the refund when its time has come. */
  readonly payer: AccountId;
  readonly action: RefundAction;
}

/**
 * Reads a transaction about a refund. Only what `refundBody` makes is taken, byte by byte.
 * @param adminKey the escrow's key as the mirror shows it, protobuf hex.
 * @returns an objection in words for anything else; never throws for what anybody may have sent.
 */
export function readRefund(bytes: Uint8Array, adminKey: string): ReadRefund | { readonly objection: string } {
  try {
    const body = proto.TransactionBody.decode(bytes);
    const id = transactionIdOf(body.transactionID);
    const validSeconds = Number(bigintOf(body.transactionValidDuration?.seconds));
    const frame = { id, validSeconds, node: accountOf(body.nodeAccountID) };
    const action = actionOf(body, adminKey);
    if (!isSame(refundBody(frame, action), bytes)) return { objection: 'it is not as it has to be' };
    return { id, payer: payerOf(id), action };
  } catch (error) {
    return { objection: error instanceof Error ? error.message : String(error) };
  }
}

function actionOf({ scheduleCreate, scheduleDelete }: proto.ITransactionBody, adminKey: string): RefundAction {
  if (scheduleDelete) return { kind: 'deletion', schedule: scheduleOf(scheduleDelete.scheduleID) };
  if (!scheduleCreate) throw new RangeError('it neither makes a schedule nor deletes one');
  const rung = rungOfMemo(scheduleCreate.memo ?? '');
  if (rung === undefined) throw new RangeError('it schedules something other than a refund');
  if (rung.exponent >= MAX_RUNGS) throw new RangeError(`its exponent is ${rung.exponent}`);
  const { tokenTransfers } = scheduleCreate.scheduledTransactionBody?.cryptoTransfer ?? {};
  if (tokenOf(tokenTransfers?.[0]?.token) !== rung.token) throw new RangeError('it moves another token than it says');
  return { kind: 'rung', ...rung, adminKey };
}

/** Which escrow, or which rung of one, a transaction speaks of, before anything else of it is looked at. */
export function refundedEscrow(
  bytes: Uint8Array,
): { readonly escrow?: AccountId; readonly schedule?: ScheduleId } | { readonly objection: string } {
  try {
    const { scheduleCreate, scheduleDelete } = proto.TransactionBody.decode(bytes);
    if (scheduleDelete) return { schedule: scheduleOf(scheduleDelete.scheduleID) };
    const rung = rungOfMemo(scheduleCreate?.memo ?? '');
    return rung === undefined ? { objection: 'it is nothing about a refund' } : { escrow: rung.escrow };
  } catch (error) {
    return { objection: error instanceof Error ? error.message : String(error) };
  }
}
