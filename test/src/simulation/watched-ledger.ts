import type { Ledger, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import type { Events } from './events.js';

/** What an observer knows of the payments of all processes. */
export class PaymentWatch {
  /** Payments that are being executed, by process. */
  readonly underWay = new Map<string, Set<TransactionId>>();
  readonly #unknown = new Set<TransactionId>();
  #never = 0;

  constructor(readonly events: Events) {}

  begins(process: string, id: TransactionId): void {
    const known = this.underWay.get(process) ?? new Set();
    this.underWay.set(process, known.add(id));
    if (this.#never > 0) this.events.mark('a payment never happened and was asked for again');
  }

  ends(process: string, id: TransactionId, outcome: Outcome): void {
    this.underWay.get(process)?.delete(id);
    if (outcome.kind === 'unknown') this.#unknown.add(id);
    if (outcome.kind === 'done' && this.#unknown.has(id)) this.events.mark('a payment was unknown and turned out done');
    if (outcome.kind === 'never') this.#never += 1;
  }
}

/** A ledger that tells what became of everything that was executed on it. */
export function watchedLedger(ledger: Ledger, process: string, watch: PaymentWatch): Ledger {
  const payments = new WeakSet<PreparedTransaction>();
  return {
    account: ledger.account,
    nextTransactionId: () => ledger.nextTransactionId(),
    prepare: async (actions, options) => {
      const prepared = await ledger.prepare(actions, options);
      if (actions.some(({ kind }) => kind === 'transfer')) payments.add(prepared);
      return prepared;
    },
    execute: async (prepared, options) => {
      const isPayment = payments.has(prepared);
      if (isPayment) watch.begins(process, prepared.id);
      const outcome = await ledger.execute(prepared, options);
      if (isPayment) watch.ends(process, prepared.id, outcome);
      const why = outcome.kind === 'refused' ? ` ${outcome.status}` : '';
      watch.events.note(process, `${isPayment ? 'payment' : 'transaction'} ${prepared.id} ${outcome.kind}${why}`);
      return outcome;
    },
    follow: (topic, after, signal) => ledger.follow(topic, after, signal),
    read: (topic, after) => ledger.read(topic, after),
    resultOf: (id) => ledger.resultOf(id),
    messagesBy: (author, after) => ledger.messagesBy(author, after),
    isOfOwnSchedule: (author, at) => ledger.isOfOwnSchedule(author, at),
    topicCreation: (topic) => ledger.topicCreation(topic),
    topicsMadeBy: (makers) => ledger.topicsMadeBy(makers),
    waitingSchedules: () => ledger.waitingSchedules(),
    mirrorTime: () => ledger.mirrorTime(),
  };
}
