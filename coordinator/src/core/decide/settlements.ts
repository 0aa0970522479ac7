import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { type Attempt, attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunContext } from '@gatepost/rules/run/run-state';
import { PaymentFill } from '@gatepost/shared/records/codec';
import { settlementRoom } from '@gatepost/shared/vocabulary/fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { MAX_PAYEES } from '@gatepost/shared/vocabulary/limits';
import { msFromNanos, NANOS_PER_MS } from '@gatepost/shared/vocabulary/time';
import { paymentKey } from '../effects/effect-key.js';
import type { Payment } from './command.js';
import { settleFrom } from './limits.js';
import type { Pass } from './pass.js';

/** As long as a transfer's id can be. */
const LONGEST_ID = '0'.repeat(64);

/** Pays what is accepted: in batches, never twice, and after a restart not before it is certain what a predecessor paid. */
export function decideSettlements(pass: Pass): void {
  const due = payableNow(pass);
  if (due.length === 0 || !isTime(pass, due)) return;
  const payments = due.map((attempt) => {
    return { task: attempt.task, attempt: attempt.number, to: attempt.agent, amount: attempt.price };
  });
  for (const batch of batchesOf(pass.state.context, payments)) pass.settle(batch);
}

/** Payments in as few batches as hold them: those to one payee stand together, for a transfer has few payees. */
export function batchesOf(
  context: Pick<RunContext, 'run' | 'token' | 'plan'>,
  payments: readonly Payment[],
): readonly (readonly Payment[])[] {
  const byPayee = new Map<AccountId, Payment[]>();
  for (const payment of payments) {
    const same = byPayee.get(payment.to);
    if (same === undefined) byPayee.set(payment.to, [payment]);
    else same.push(payment);
  }
  let batch = new Batch(context);
  const batches = [batch];
  for (const payment of [...byPayee.values()].flat()) {
    if (batch.add(payment)) continue;
    batch = new Batch(context);
    batches.push(batch);
    batch.add(payment);
  }
  return batches.map((one) => one.payments);
}

/** Payments of one transfer and of one record, no more than the network takes without charging for the size of it. */
class Batch {
  readonly payments: Payment[] = [];
  readonly #payees = new Set<AccountId>();
  readonly #fill: PaymentFill;

  constructor({ run, token, plan }: Pick<RunContext, 'run' | 'token' | 'plan'>) {
    this.#fill = new PaymentFill(run, token, LONGEST_ID, taskNamesOf(plan), settlementRoom(MAX_PAYEES));
  }

  /** Takes a payment if there is room for it; the first one always. */
  add(payment: Payment): boolean {
    const { to, amount } = payment;
    const hasRoom =
      (this.#payees.size < MAX_PAYEES || this.#payees.has(to)) &&
      this.#fill.add({ ...payment, amount: amount.toString() });
    if (!hasRoom && this.payments.length > 0) return false;
    this.#payees.add(to);
    this.payments.push(payment);
    return true;
  }
}

function payableNow(pass: Pass): Attempt[] {
  const due: Attempt[] = [];
  let quarantined = false;
  const { maxTotal } = pass.state.context.plan;
  let left = maxTotal === undefined ? undefined : maxTotal - pass.state.paid;
  for (const attempt of pass.state.payable) {
    const key = paymentKey({ task: attempt.task, attempt: attempt.number });
    if (pass.busy(key)) {
      if (left !== undefined) left -= attempt.price;
      continue;
    }
    if (pass.seen.inFlight.unpayable.has(attemptKeyOf(attempt))) continue;
    if (isQuarantined(pass, attempt)) quarantined = true;
    else if (left === undefined || attempt.price <= left) {
      due.push(attempt);
      if (left !== undefined) left -= attempt.price;
    }
  }
  if (quarantined) askForBeacon(pass);
  return due;
}

/**
 * Whether a predecessor may have paid an attempt without this process being able to know: it was accepted before a
 * predecessor fell silent, and the mirror has not yet shown a time at which such a payment would have to be on the
 * journal.
 */
function isQuarantined(pass: Pass, attempt: Attempt): boolean {
  const { takenOverAt, ownRecordAt } = pass.state;
  const acceptedAt = attempt.verdict?.at;
  if (acceptedAt === undefined) return true;
  const window = BigInt(pass.limits.quarantineMs) * NANOS_PER_MS;
  return acceptedAt < takenOverAt && ownRecordAt <= takenOverAt + window;
}

function askForBeacon(pass: Pass): void {
  const overMs = msFromNanos(pass.state.takenOverAt) + pass.limits.quarantineMs;
  if (pass.nowMs > overMs) pass.askForTime();
}

/** Enough of them, long enough ago, or nothing else is left that could join them. */
function isTime(pass: Pass, due: readonly Attempt[]): boolean {
  if (due.length >= settleFrom(pass.limits, pass.open) || pass.open === 0) return true;
  const oldest = due.reduce((least, { verdict }) => Math.min(least, msFromNanos(verdict?.at ?? 0n)), Infinity);
  return pass.nowMs - oldest >= pass.limits.settleWithinMs;
}
