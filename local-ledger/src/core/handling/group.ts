import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { hex } from '../bytes.js';
import type { CryptoPort } from '../crypto-port.js';
import { type Fee, feeOf, nodePart, noFee, serviceFee } from '../fees/fee.js';
import { accountNum } from '../ids.js';
import type { Envelope } from '../ingest/envelope.js';
import { envelopeFee } from '../ingest/envelope-fee.js';
import { smaller } from '../int64.js';
import { isPrivileged } from '../limits.js';
import type { EntityNum, Nanos } from '../model.js';
import { deltaSince } from '../state/changes.js';
import type { LedgerState } from '../state/ledger-state.js';
import { fail, Status } from '../status.js';
import type { Operation } from '../transactions/handler.js';
import { operationOf } from '../transactions/operation-of.js';
import { scheduledBody } from '../transactions/schedule/scheduled-body.js';
import { accountChildren, type Child } from './account-children.js';
import { chargeUpTo } from './charging.js';
import type { Dispatch, Handled } from './dispatch.js';
import { itemOf, runDispatch } from './engine.js';
import { collectedSigners, transactionSigners } from './signers.js';

type SchedulePrice = (operation: Operation, state: LedgerState, body: TransactionBody) => Fee;

/** A schedule that runs at its expiry is priced like a transaction that its payer submitted with one signature. */
const expiryFee: SchedulePrice = (operation, state, body) => {
  const bytes = TransactionBody.encode(body).finish().length;
  return feeOf({ node: nodePart({ bytes, signatures: 1 }), service: operation.fee(state) });
};

/**
 * One transaction with all that follows from it directly: the inner transactions of a batch, the schedule it completed.
 * Each has a consensus timestamp of its own, one nanosecond after the other.
 */
export class HandlingGroup {
  readonly #state: LedgerState;
  readonly #crypto: CryptoPort;
  readonly #children: Child[] = [];
  /** When the handling began: the timestamp of the transaction that causes the others. */
  readonly #handledAt: Nanos;
  #next: Nanos;

  constructor(state: LedgerState, crypto: CryptoPort, now: Nanos) {
    this.#state = state;
    this.#crypto = crypto;
    this.#handledAt = now;
    this.#next = now;
  }

  /** Handles a submitted transaction; returns it and what it caused, in consensus order. */
  handle(envelope: Envelope): Handled[] {
    const dispatch = this.#userDispatch(envelope, undefined);
    const main = runDispatch(this.#state, this.#crypto, dispatch, {
      run: (bytes) => this.#runInner(envelope, bytes, dispatch.now),
    });
    if (main.item.status !== Status.SUCCESS) {
      this.#revertChildren();
    }
    const accounts = this.#accountChildren({ dispatch, handled: main }, dispatch);
    const completed = this.#runCompleted(main, dispatch);
    const handled = [main, ...[...this.#children, ...accounts, ...completed].map((child) => child.handled)];
    this.#state.journal.clear();
    return handled;
  }

  /** Runs a schedule whose expiry has come. */
  handleSchedule(num: EntityNum): Handled[] {
    const run = this.#runSchedule(num, expiryFee);
    const accounts = this.#accountChildren(run, run.dispatch);
    this.#state.journal.clear();
    return [run, ...accounts].map((child) => child.handled);
  }

  #runInner(batch: Envelope, bytes: Uint8Array, parent: Nanos): Status {
    const text = hex(bytes);
    const envelope = batch.inner.find((inner) => hex(inner.signedBytes) === text) ?? fail(Status.INVALID_TRANSACTION);
    const dispatch = this.#userDispatch(envelope, parent);
    const handled = runDispatch(this.#state, this.#crypto, dispatch, {
      run: () => fail(Status.BATCH_TRANSACTION_IN_BLACKLIST),
    });
    const child = { dispatch, handled };
    this.#children.push(child, ...this.#accountChildren(child, dispatch));
    return handled.item.status;
  }

  #runCompleted(main: Handled, cause: Dispatch): Child[] {
    const schedule = main.outcome.executes;
    if (schedule === undefined) {
      return [];
    }
    const run = this.#runSchedule(schedule, (operation, state) => serviceFee(operation.fee(state)));
    return [run, ...this.#accountChildren(run, cause)];
  }

  #accountChildren(run: Child, cause: Dispatch): Child[] {
    return accountChildren(run, cause, () => this.#next++, this.#crypto);
  }

  /** Runs a schedule at the next timestamp; the one attempt there is, whatever comes of it. */
  #runSchedule(num: EntityNum, price: SchedulePrice): Child {
    const schedule = this.#state.schedules.get(num) ?? fail(Status.INVALID_SCHEDULE_ID);
    const body = scheduledBody(schedule);
    const operation = (body.data && operationOf(body.data)) ?? fail(Status.NOT_SUPPORTED);
    const now = this.#next++;
    const dispatch: Dispatch = {
      body,
      operation,
      id: schedule.scheduledTransactionId,
      payer: schedule.payer,
      now,
      handledAt: this.#handledAt,
      fee: isPrivileged(schedule.payer) ? noFee : price(operation, this.#state, body),
      hash: this.#crypto.sha384(TransactionBody.encode(body).finish()),
      signers: collectedSigners(schedule.signatures),
      node: undefined,
      parent: undefined,
      schedule: num,
    };
    const start = this.#state.journal.mark();
    this.#state.schedules.put(num, { ...schedule, executed: now });
    const handled = runDispatch(this.#state, this.#crypto, dispatch, { run: () => fail(Status.NOT_SUPPORTED) });
    const item = { ...handled.item, changes: deltaSince(this.#state, start).changes };
    return { dispatch, handled: { ...handled, item } };
  }

  #userDispatch(envelope: Envelope, parent: Nanos | undefined): Dispatch {
    return {
      body: envelope.body,
      operation: envelope.operation,
      id: envelope.id,
      payer: envelope.id.payer,
      now: this.#next++,
      handledAt: this.#handledAt,
      fee: envelopeFee(envelope, this.#state),
      hash: this.#crypto.sha384(envelope.signedBytes),
      signers: transactionSigners(envelope.signatures, this.#crypto),
      node: accountNum(envelope.body.nodeAccountID) ?? 0,
      parent,
      schedule: undefined,
    };
  }

  /** After a batch failed: its inner transactions keep their timestamps and fees and lose everything else. */
  #revertChildren(): void {
    for (const [index, { dispatch, handled }] of this.#children.entries()) {
      const start = this.#state.journal.mark();
      const owed = smaller(handled.item.chargedFee, dispatch.fee.total);
      const charged = chargeUpTo(this.#state, dispatch.payer, owed);
      const status = handled.item.status === Status.SUCCESS ? Status.REVERTED_SUCCESS : handled.item.status;
      const item = itemOf(dispatch, status, charged, {}, deltaSince(this.#state, start));
      this.#children[index] = { dispatch, handled: { item, outcome: {}, completed: [] } };
    }
  }
}
