import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import type { RunContext } from '@gatepost/rules/run/run-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import type { Escrow } from '@gatepost/shared/ledger/cosigner';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Action, Ledger, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Payee } from '@gatepost/shared/ledger/payee';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, ScheduleId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import type { Payment } from '../../core/decide/command.js';
import type { Became, PaymentBecame } from '../../core/effects/in-flight.js';
import type { Waits } from '../run/waits.js';
import type { Guards } from './guards.js';

/** What the journal shows by now, whether it was folded or not. */
export interface LookAhead {
  /** Whether another coordinator took over. */
  readonly fenced: boolean;
  /** Whether a payment is recorded. */
  readonly isSettled: (payment: Payment) => boolean;
}

/** What settling works with. */
export interface SettlerParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly context: RunContext;
  readonly guards: Guards;
  /** How long the network may take a payment. */
  readonly windowMs: number;
  readonly waits: Waits;
  readonly log: Logger;
  /** @throws GatepostError MIRROR_UNREACHABLE */
  readonly lookAhead: () => Promise<LookAhead>;
  readonly signal?: AbortSignal;
  /** Where the money is, when it is not the account's own. */
  readonly escrow?: Escrow | undefined;
}

const REASON_PAUSE_MS = 250;
const REASON_TRIES = 40;

/**
 * Pays accepted attempts and writes `settled`, both or neither, in one AtomicBatch (HIP-551) of fixed ids and bytes.
 * Their guards are deleted with it.
 */
export class Settler {
  constructor(readonly parts: SettlerParts) {}

  /**
   * Settles payments together; a batch the ledger refuses is split by payee until those at fault stand alone.
   * @returns what became of each payment. Never throws for what the ledger does.
   */
  async settle(payments: readonly Payment[]): Promise<PaymentBecame[]> {
    return this.#settle(payments, await this.parts.guards.of(payments));
  }

  async #settle(payments: readonly Payment[], guards: readonly ScheduleId[]): Promise<PaymentBecame[]> {
    let ahead: LookAhead;
    try {
      ahead = await this.parts.lookAhead();
    } catch (thrown) {
      return all(payments, { kind: 'never', why: toGatepostError(thrown).message });
    }
    if (ahead.fenced) return all(payments, { kind: 'never', why: 'another coordinator took over' });
    const due = payments.filter((payment) => !ahead.isSettled(payment));
    const recorded = payments.filter((payment) => ahead.isSettled(payment));
    return [...all(recorded, { kind: 'done' }), ...(due.length === 0 ? [] : await this.#pay(due, guards))];
  }

  async #pay(payments: readonly Payment[], guards: readonly ScheduleId[]): Promise<PaymentBecame[]> {
    const transfer = this.parts.ledger.nextTransactionId();
    const outcome = await this.#execute(payments, transfer, guards);
    if (outcome.kind === 'done') return all(payments, outcome);
    if (outcome.kind !== 'refused') return all(payments, { kind: outcome.kind, why: outcome.why });
    // A guard may have done its work meanwhile; that must not keep anybody from being paid.
    if (guards.length > 0) return this.#settle(payments, []);
    const groups = byPayee(payments);
    if (groups.length === 1) {
      const why = await this.#innerStatus(transfer, outcome.status);
      this.parts.log.warn({ payee: payments[0]?.to, reason: why }, 'payment refused');
      return all(payments, { kind: 'refused', why });
    }
    this.parts.log.info({ status: outcome.status, payees: groups.length }, 'batch refused; splitting it');
    const middle = Math.ceil(groups.length / 2);
    const first = await this.#settle(groups.slice(0, middle).flat(), []);
    return [...first, ...(await this.#settle(groups.slice(middle).flat(), []))];
  }

  async #execute(
    payments: readonly Payment[],
    transfer: TransactionId,
    guards: readonly ScheduleId[],
  ): Promise<Outcome> {
    const { ledger, clock, context, windowMs, waits, signal, escrow } = this.parts;
    const record = {
      type: 'settled' as const,
      token: context.token,
      transfer,
      payments: payments.map((payment) => ({ ...payment, amount: payment.amount.toString() })),
    };
    const messages = packRecords(context.run, [record], taskNamesOf(context.plan));
    const actions: Action[] = [
      { kind: 'transfer', token: context.token, payees: payeesOf(payments) },
      ...messages.map((message): Action => ({ kind: 'message', topic: context.journal, message })),
      ...guards.map((schedule): Action => ({ kind: 'unschedule', schedule })),
    ];
    const validSeconds = Math.trunc(windowMs / 1_000);
    const terms = { firstId: transfer, validSeconds, ...(escrow && { escrow }) };
    let batch: PreparedTransaction;
    try {
      batch = await ledger.prepare(actions, terms);
    } catch (thrown) {
      if (escrow === undefined) throw thrown;
      // Without the second signature there is nothing that could happen.
      return { kind: 'never', id: transfer, why: toGatepostError(thrown).message };
    }
    const wait = waits.open('network');
    try {
      return await executeUntilKnown(ledger, clock, batch, {
        onWait: (why) => wait.note(`to take a payment: ${why}`),
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      wait.end();
    }
  }

  /** The ledger's own word for what was wrong with the transfer; the mirror knows it a little later. */
  async #innerStatus(transfer: TransactionId, outer: string): Promise<string> {
    if (outer !== 'INNER_TRANSACTION_FAILED') return outer;
    const { ledger, clock, log, signal } = this.parts;
    for (let tries = 0; tries < REASON_TRIES; tries += 1) {
      try {
        const found = await ledger.resultOf(transfer);
        if (found !== undefined) return found;
      } catch (thrown) {
        log.debug({ transfer }, `why it was refused cannot be read: ${toGatepostError(thrown).message}`);
        break;
      }
      await pause(clock, REASON_PAUSE_MS, signal);
    }
    return outer;
  }
}

const all = (payments: readonly Payment[], became: Became): PaymentBecame[] =>
  payments.map((payment) => ({ payment, became }));

function payeesOf(payments: readonly Payment[]): Payee[] {
  const totals = new Map<AccountId, bigint>();
  for (const { to, amount } of payments) totals.set(to, (totals.get(to) ?? 0n) + amount);
  return [...totals].map(([to, amount]) => ({ to, amount }));
}

function byPayee(payments: readonly Payment[]): Payment[][] {
  const groups = new Map<AccountId, Payment[]>();
  for (const payment of payments) {
    const group = groups.get(payment.to);
    if (group === undefined) groups.set(payment.to, [payment]);
    else group.push(payment);
  }
  return [...groups.values()];
}
