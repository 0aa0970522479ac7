import { proto } from '@hiero-ledger/proto';
import { sha256 } from '../vocabulary/digest.js';
import { GatepostError } from '../vocabulary/errors.js';
import { type AccountId, accountId, type ScheduleId, scheduleId } from '../vocabulary/ids.js';
import { requireDone } from '../vocabulary/outcome.js';
import { NANOS_PER_SECOND, parseNanos } from '../vocabulary/time.js';
import type { Connection } from './connection.js';
import { signerOf } from './cosigned/prepare.js';
import {
  accountProto,
  listOfOne,
  long,
  type ScheduledTransfer,
  scheduledTransfer,
  signaturePair,
  signedTransaction,
  transactionIdProto,
} from './cosigned/wire.js';
import type { MirrorSchedule } from './mirror-rest.js';
import { sdk } from './sdk.js';
import { execute, freshlyPrepared, nodesOf, send } from './transaction.js';

/** What a dispute is about: the payment of one attempt of a run. */
export interface DisputedPayment extends ScheduledTransfer {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
}

/** How long the arbiter may take: the network takes schedules up to 62 days ahead. */
const LIFE_SECONDS = 61n * 86_400n;
const VALID_SECONDS = 120;
/** Most that making it may cost: 5 hbar. */
const MAX_FEE_TINYBAR = 500_000_000n;
/** Schedules of a party that are looked at for one that is there already, newest first. */
const MOST_SCHEDULES = 1_000;

/** Ties a schedule to the one attempt that it pays. */
const memoOf = ({ run, task, attempt }: DisputedPayment): string =>
  `dispute ${sha256(JSON.stringify([run, task, attempt]))}`;

const bodyOf = (payment: DisputedPayment): string =>
  Buffer.from(proto.SchedulableTransactionBody.encode(scheduledTransfer(payment)).finish()).toString('base64');

/**
 * Why a schedule is not the payment of a dispute that still waits for the arbiter; undefined when it is.
 * @param by who has to have made it, and thereby signed it.
 * @param now consensus time, seconds.
 */
export function disputePaymentProblem(
  shown: MirrorSchedule,
  payment: DisputedPayment,
  { by, now }: { readonly by: AccountId; readonly now: bigint },
): string | undefined {
  if (shown.memo !== memoOf(payment)) return 'it is of another attempt';
  if (shown.transaction_body !== bodyOf(payment)) return `it does not pay ${payment.amount} to ${payment.to} alone`;
  if (shown.creator_account_id !== by || shown.payer_account_id !== by) return `it was not made by ${by}`;
  if (shown.wait_for_expiry === true) return 'it waits for its expiry';
  if (shown.admin_key !== null && shown.admin_key !== undefined) return 'it can be taken back';
  if (shown.deleted) return 'it was deleted';
  if (shown.expiration_time === null || parseNanos(shown.expiration_time) / NANOS_PER_SECOND <= now)
    return 'it has expired';
  return undefined;
}

/**
 * Has the network keep a payment out of an escrow that this account signs, until another party signs it too; it cannot be
 * taken back. One that is there already is used. Costs $0.01.
 * @throws GatepostError as `requireDone` does; MIRROR_UNREACHABLE
 */
export async function signDisputePayment(connection: Connection, payment: DisputedPayment): Promise<ScheduleId> {
  const { mirror, account, key } = connection;
  const now = (await mirror.now()) / NANOS_PER_SECOND;
  let looked = 0;
  for await (const shown of mirror.allSchedulesBy(account)) {
    if (disputePaymentProblem(shown, payment, { by: account, now }) === undefined) return scheduleId(shown.schedule_id);
    looked += 1;
    if (looked >= MOST_SCHEDULES) break;
  }
  const [node] = nodesOf(connection);
  if (node === undefined) throw new GatepostError('INTERNAL', 'a network without nodes');
  const id = connection.nextTransactionId();
  const body = proto.TransactionBody.encode({
    transactionID: transactionIdProto(id),
    nodeAccountID: accountProto(accountId(node.toString())),
    transactionFee: long(MAX_FEE_TINYBAR),
    transactionValidDuration: { seconds: long(BigInt(VALID_SECONDS)) },
    scheduleCreate: {
      scheduledTransactionBody: scheduledTransfer(payment),
      memo: memoOf(payment),
      payerAccountID: accountProto(account),
      expirationTime: { seconds: long(now + LIFE_SECONDS) },
    },
  }).finish();
  const { publicKey, sign } = signerOf(key);
  const bytes = listOfOne(signedTransaction(body, [signaturePair(publicKey, sign(body))]));
  const { scheduleId: made } = requireDone(await execute(connection, freshlyPrepared(id, bytes, VALID_SECONDS)));
  if (made !== undefined) return made;
  throw new GatepostError('INTERNAL', 'a schedule was created but its receipt names none');
}

/** Adds this account's signature to the payment of a dispute, which the network then carries out. Costs $0.001. */
export async function releaseDisputePayment(connection: Connection, schedule: ScheduleId): Promise<void> {
  await send(connection, new sdk.ScheduleSignTransaction().setScheduleId(schedule));
}
