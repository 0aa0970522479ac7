import { keyOf } from '@gatepost/rules/run/attempt';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { type Command, cancelKey, type InFlight, type Payment } from '../../core/decide/command.js';
import { paymentKey } from '../../core/decide/settlements.js';

type Assignment = Extract<Command, { kind: 'assign' }>;

/** Effects under way: from their launch until their record is folded, or until they certainly did not happen. */
export class InFlightEffects implements InFlight {
  readonly #keys = new Set<string>();
  /** Which batch each payment is in. */
  readonly #batches = new Map<string, string>();
  readonly assignments = new Map<string, Assignment>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  get size(): number {
    return this.#keys.size;
  }

  launch(command: Command): void {
    this.#keys.add(command.key);
    if (command.kind === 'assign') this.assignments.set(command.key, command);
    if (command.kind !== 'settle') return;
    for (const payment of command.payments) {
      this.#keys.add(paymentKey(payment));
      this.#batches.set(paymentKey(payment), command.key);
    }
  }

  /** It did not happen, or its outcome is known in another way. */
  release(command: Command): void {
    this.#drop(command.key);
    if (command.kind === 'settle') this.#dropPayments(command.payments);
  }

  /** Payments the ledger would not make. */
  refused(payments: readonly Payment[]): void {
    this.#dropPayments(payments);
  }

  /** A record of ours came back. */
  folded({ record, topic }: Pick<LedgerRecord, 'record' | 'topic'>): void {
    if (record.type === 'assign') this.#drop(`assign:${keyOf(record.task, record.attempt)}`);
    else if (record.type === 'cancel') this.#drop(cancelKey(topic, record.task, record.attempt));
    else if (record.type === 'verdict') this.#drop(`verdict:${keyOf(record.task, record.attempt)}`);
    else if (record.type === 'settled') this.#dropPayments(record.payments);
    else if (record.type === 'run_opened') this.#drop('open');
    else if (record.type === 'epoch') this.#drop('beacon');
  }

  #dropPayments(payments: readonly { readonly task: string; readonly attempt: number }[]): void {
    for (const payment of payments) {
      const key = paymentKey(payment);
      this.#keys.delete(key);
      this.#keys.delete(this.#batches.get(key) ?? key);
      this.#batches.delete(key);
    }
  }

  #drop(key: string): void {
    this.#keys.delete(key);
    this.assignments.delete(key);
  }
}
