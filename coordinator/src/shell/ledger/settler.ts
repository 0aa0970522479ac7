import type { RunContext } from '@gatepost/rules/run/run-state';
import { prepareBatch } from '@gatepost/shared/hedera/batch';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { scheduleDeletion } from '@gatepost/shared/hedera/schedules';
import { tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { messageTransaction } from '@gatepost/shared/hedera/topics';
import { execute, rejectionStatus } from '@gatepost/shared/hedera/transaction';
import type { Payee } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AccountId, ScheduleId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import type { Payment } from '../../core/decide/command.js';
import { pollUntil } from '../reports/poll.js';
import type { Guards } from './guards.js';

/** A payment that the ledger refuses, and its reason. */
export interface Refused {
  readonly payment: Payment;
  readonly reason: string;
}

function payeesOf(payments: readonly Payment[]): Payee[] {
  const totals = new Map<AccountId, bigint>();
  for (const { to, amount } of payments) totals.set(to, (totals.get(to) ?? 0n) + amount);
  return [...totals].map(([to, amount]) => ({ to, amount }));
}

/**
 * Pays accepted attempts and writes `settled`, both or neither, in one AtomicBatch (HIP-551) of fixed ids and bytes.
 * Their guards are deleted with it.
 */
export class Settler {
  constructor(
    readonly connection: Connection,
    readonly context: RunContext,
    readonly guards: Guards,
    readonly windowMs: number,
    readonly log: Logger,
  ) {}

  /**
   * Settles payments together; a batch the ledger refuses is split by payee until those at fault stand alone.
   * @returns the payments that were refused.
   * @throws GatepostError LEDGER_UNREACHABLE when nothing was paid for certain, OUTCOME_UNKNOWN.
   */
  async settle(payments: readonly Payment[]): Promise<Refused[]> {
    return this.#settle(payments, await this.guards.of(payments));
  }

  async #settle(payments: readonly Payment[], guards: readonly ScheduleId[]): Promise<Refused[]> {
    const transfer = this.connection.nextTransactionId();
    try {
      await this.#execute(payments, transfer, guards);
      return [];
    } catch (error) {
      const status = rejectionStatus(error);
      if (status === undefined) throw error;
      // One of them may have done its work meanwhile; that must not keep anybody from being paid.
      if (guards.length > 0) return this.#settle(payments, []);
      const groups = byPayee(payments);
      if (groups.length === 1) {
        const reason = await this.#innerStatus(transfer, status);
        this.log.warn({ payee: payments[0]?.to, reason }, 'payment refused');
        return payments.map((payment) => ({ payment, reason }));
      }
      this.log.info({ status, payees: groups.length }, 'batch refused; splitting it');
      const middle = Math.ceil(groups.length / 2);
      const first = await this.#settle(groups.slice(0, middle).flat(), []);
      return [...first, ...(await this.#settle(groups.slice(middle).flat(), []))];
    }
  }

  async #execute(payments: readonly Payment[], transfer: TransactionId, guards: readonly ScheduleId[]): Promise<void> {
    const { connection, context } = this;
    const record = {
      type: 'settled' as const,
      token: context.token,
      transfer,
      payments: payments.map((payment) => ({ ...payment, amount: payment.amount.toString() })),
    };
    const [message] = packRecords(context.run, [record]);
    if (message === undefined) return;
    const inner = [
      tokenTransfer(connection, context.token, payeesOf(payments)),
      messageTransaction(context.journal, message),
      ...guards.map(scheduleDeletion),
    ];
    const batch = await prepareBatch(connection, inner, {
      innerIds: [transfer],
      validSeconds: Math.trunc(this.windowMs / 1_000),
    });
    requireDone(await execute(connection, batch));
  }

  /** The ledger's own word for what was wrong with the transfer; the mirror knows it a little later. */
  async #innerStatus(transfer: TransactionId, outer: string): Promise<string> {
    if (outer !== 'INNER_TRANSACTION_FAILED') return outer;
    const found = await pollUntil(async () => (await this.connection.mirror.transaction(transfer))[0]?.result).catch(
      () => undefined,
    );
    return found ?? outer;
  }
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
