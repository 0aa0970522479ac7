import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { Command, InFlight, Payment } from '../core/decide/command.js';
import { paymentKey } from '../core/decide/settlements.js';
import { keyOf } from '../core/run/attempt.js';

type Assignment = Extract<Command, { kind: 'assign' }>;

/** Effects under way: from their launch until their record is folded, or until they certainly did not happen. */
export class InFlightEffects implements InFlight {
  readonly #keys = new Set<string>();
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
    if (command.kind === 'settle') for (const payment of command.payments) this.#keys.add(paymentKey(payment));
  }

  /** It did not happen, or its outcome is known in another way. */
  release(command: Command): void {
    this.#drop(command.key);
    if (command.kind === 'settle') for (const payment of command.payments) this.#keys.delete(paymentKey(payment));
  }

  /** Payments the ledger would not make. */
  refused(payments: readonly Payment[]): void {
    for (const payment of payments) this.#keys.delete(paymentKey(payment));
  }

  /** A record of ours came back. */
  folded(record: AnyRecord): void {
    if (record.type === 'assign') this.#drop(`assign:${keyOf(record.task, record.attempt)}`);
    else if (record.type === 'cancel') this.#drop(`cancel:${keyOf(record.task, record.attempt)}`);
    else if (record.type === 'verdict') this.#drop(`verdict:${keyOf(record.task, record.attempt)}`);
    else if (record.type === 'settled') for (const payment of record.payments) this.#keys.delete(paymentKey(payment));
    else if (record.type === 'run_opened') this.#drop('open');
    else if (record.type === 'epoch') this.#drop('beacon');
  }

  #drop(key: string): void {
    this.#keys.delete(key);
    this.assignments.delete(key);
  }
}
