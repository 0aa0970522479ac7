import { mirrorTransactionId, type TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Evidence, TransactionEvidence } from './evidence.js';
import { attemptName, type Entry, type RunHistory } from './history.js';
import type { Findings } from './rules.js';

/** Whether every payment record moved its tokens in its own batch, and no other tokens left the treasury. */
export function checkTransfers(
  evidence: Evidence,
  runs: readonly RunHistory[],
  all: Iterable<RunHistory>,
  findings: Findings,
): void {
  const ledger = new Ledger(evidence);
  for (const run of runs) {
    for (const [batch, records] of ledger.batchesOf(run, findings)) checkBatch(run, batch, records, ledger, findings);
  }
  const recorded = new Set([...all].flatMap(({ settled }) => settled.map(({ at }) => ledger.batchAt(at))));
  const moving = evidence.transactions.filter(({ tokenTransfers }) => tokenTransfers.length > 0);
  for (const run of runs) checkTreasury(run, { ...evidence, transactions: moving }, recorded, ledger, findings);
}

/** Amounts by token and account. */
type Amounts = Map<string, bigint>;

const addTo = (amounts: Amounts, token: string, account: string, amount: bigint): void => {
  const key = `${account} ${token}`;
  amounts.set(key, (amounts.get(key) ?? 0n) + amount);
};

/** Transactions by time and by batch. */
class Ledger {
  readonly #at = new Map<Nanos, TransactionEvidence>();
  readonly #inner = new Map<Nanos, TransactionEvidence[]>();

  constructor(evidence: Evidence) {
    for (const transaction of evidence.transactions) {
      this.#at.set(transaction.at, transaction);
      if (transaction.batch === undefined) continue;
      const inner = this.#inner.get(transaction.batch);
      if (inner === undefined) this.#inner.set(transaction.batch, [transaction]);
      else inner.push(transaction);
    }
  }

  /** The batch that carried the message with a consensus timestamp. */
  batchAt(at: Nanos): Nanos | undefined {
    return this.#at.get(at)?.batch;
  }

  transfersOf(batch: Nanos): readonly TransactionEvidence[] {
    return (this.#inner.get(batch) ?? []).filter(({ tokenTransfers }) => tokenTransfers.length > 0);
  }

  /** A run's payment records by batch; those outside any are found fault with. */
  batchesOf(run: RunHistory, findings: Findings): Map<Nanos, Entry<'settled'>[]> {
    const batches = new Map<Nanos, Entry<'settled'>[]>();
    for (const entry of run.settled) {
      const batch = this.batchAt(entry.at);
      if (batch === undefined) {
        findings.add('settled-outside-batch', run.run, paymentsName(entry), 'the record stands alone');
        continue;
      }
      batches.set(batch, [...(batches.get(batch) ?? []), entry]);
    }
    return batches;
  }
}

const paymentsName = ({ record }: Entry<'settled'>): string => record.payments.map(attemptName).join(', ');

function checkBatch(
  run: RunHistory,
  batch: Nanos,
  records: readonly Entry<'settled'>[],
  ledger: Ledger,
  findings: Findings,
): void {
  const transfers = ledger.transfersOf(batch);
  const subject = records.map(paymentsName).join(', ');
  const promised: Amounts = new Map();
  for (const { record } of records) {
    for (const { to, amount } of record.payments) addTo(promised, record.token, to, BigInt(amount));
    const { transfer } = record;
    if (transfer !== undefined && !transfers.some(({ id }) => sameId(id, transfer))) {
      findings.add('transfer-id', run.run, subject, `${transfer} is not in the batch`);
    }
  }
  const moved: Amounts = new Map();
  for (const { tokenTransfers } of transfers) {
    for (const { token, account, amount } of tokenTransfers) if (amount > 0n) addTo(moved, token, account, amount);
  }
  for (const [payee, amount] of promised) {
    const got = moved.get(payee) ?? 0n;
    if (got === 0n) findings.add('settled-without-transfer', run.run, subject, `${amount} to ${payee} did not move`);
    else if (got !== amount)
      findings.add('transfer-amount', run.run, subject, `${payee} got ${got}, recorded ${amount}`);
  }
  for (const [payee, amount] of moved) {
    if (promised.has(payee)) continue;
    const what = `${amount} to ${payee} moved in the batch and are not recorded`;
    findings.add('transfer-unrecorded', run.run, subject, what);
  }
}

const sameId = (id: TransactionId, text: string): boolean =>
  mirrorTransactionId(id) === mirrorTransactionId(text as TransactionId);

function checkTreasury(
  run: RunHistory,
  evidence: Evidence,
  recorded: ReadonlySet<Nanos | undefined>,
  ledger: Ledger,
  findings: Findings,
): void {
  const treasury = evidence.treasuries.get(run.token);
  const foreign = new Set(run.foreignSettled.map(({ at }) => ledger.batchAt(at)));
  for (const { id, at, batch, tokenTransfers } of evidence.transactions) {
    if (at < run.opened.at || (run.closed !== undefined && at > run.closed.at)) continue;
    const left = tokenTransfers.find(
      ({ token, account, amount }) => token === run.token && account === treasury && amount < 0n,
    );
    if (left === undefined) continue;
    const what = `${-left.amount} of ${left.token} left the treasury ${treasury}`;
    if (batch === undefined) findings.add('transfer-outside-batch', run.run, id, what);
    else if (recorded.has(batch)) continue;
    else if (foreign.has(batch)) findings.add('settled-author', run.run, id, `${what}, recorded by another account`);
    else findings.add('transfer-unrecorded', run.run, id, what);
  }
}
