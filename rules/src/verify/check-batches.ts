import { mirrorTransactionId, type TokenId, type TopicId, type TransactionId } from '@gatepost/shared/vocabulary/ids';
import { checkCustomFees } from './check-custom-fees.js';
import type { TransactionEvidence } from './evidence.js';
import { attemptName, type Entry, payerOf } from './history.js';
import type { LedgerView, PaymentBatch } from './ledger-view.js';
import type { Findings, RuleId } from './rules.js';

type Report = (rule: RuleId, message: string) => void;

/**
 * Whether every payment record stands in a batch that moves what is recorded in it, no less and no more. What several
 * records, also of several runs, say of one batch is added up: no transfer is counted twice.
 * @param selected whether a run is to be reported on.
 */
export function checkBatches(
  view: LedgerView,
  journal: TopicId,
  selected: (run: string) => boolean,
  findings: Findings,
): void {
  for (const { run, entry } of view.loose()) {
    if (!selected(run.run)) continue;
    findings.add('settled-outside-batch', run.run, paymentsName(entry), 'the record stands alone');
  }
  for (const batch of view.batches()) {
    const subject = batch.records.map(({ entry }) => paymentsName(entry)).join(', ');
    const runs = new Set(batch.records.map(({ run }) => run.run).filter(selected));
    const report: Report = (rule, message) => {
      for (const run of runs) findings.add(rule, run, subject, message);
    };
    if (runs.size > 0) checkBatch(batch, journal, report);
  }
}

const paymentsName = ({ record }: Entry<'settled'>): string => record.payments.map(attemptName).join(', ');

/** Amounts by account and token. */
type Amounts = Map<string, bigint>;

const addTo = (amounts: Amounts, token: string, account: string, amount: bigint): void => {
  const key = `${account} ${token}`;
  amounts.set(key, (amounts.get(key) ?? 0n) + amount);
};

function checkBatch(batch: PaymentBatch, journal: TopicId, report: Report): void {
  const transfers = batch.transactions.filter(({ tokenTransfers }) => tokenTransfers.length > 0);
  for (const { record } of batch.records.map(({ entry }) => entry)) {
    const { transfer } = record;
    if (transfer !== undefined && !transfers.some(({ id }) => sameId(id, transfer))) {
      report('transfer-id', `${transfer} is not in the batch`);
    }
  }
  for (const { name, entity } of batch.transactions) {
    if (name !== 'CONSENSUSSUBMITMESSAGE' || entity === journal) continue;
    report('settled-elsewhere', `the batch also writes to ${entity ?? 'a topic that is not known'}`);
  }
  const payers = new Set(batch.records.map(({ run }) => payerOf(run)));
  for (const { token, account, amount } of transfers.flatMap(({ tokenTransfers }) => tokenTransfers)) {
    if (amount < 0n && !payers.has(account)) report('wrong-payer', `${-amount} of ${token} left ${account}`);
  }
  const tokens = new Set(batch.records.map(({ entry }) => entry.record.token as TokenId));
  for (const transfer of transfers) {
    checkCustomFees(transfer, tokens, payers, (message) => report('custom-fee', message));
  }
  compare(promisedBy(batch), movedBy(transfers), report);
}

function promisedBy({ records }: PaymentBatch): Amounts {
  const promised: Amounts = new Map();
  for (const { record } of records.map(({ entry }) => entry)) {
    for (const { to, amount } of record.payments) addTo(promised, record.token, to, BigInt(amount));
  }
  return promised;
}

/** What accounts got besides custom fees. */
function movedBy(transfers: readonly TransactionEvidence[]): Amounts {
  const moved: Amounts = new Map();
  for (const { tokenTransfers, customFees } of transfers) {
    for (const { token, account, amount } of tokenTransfers) if (amount > 0n) addTo(moved, token, account, amount);
    for (const { unit, collector, amount } of customFees?.assessed ?? []) {
      if (unit !== 'hbar') addTo(moved, unit, collector, -amount);
    }
  }
  return moved;
}

function compare(promised: Amounts, moved: Amounts, report: Report): void {
  for (const [payee, amount] of promised) {
    const got = moved.get(payee) ?? 0n;
    if (got === amount) continue;
    if (got === 0n) report('settled-without-transfer', `${amount} to ${payee} did not move`);
    else report('transfer-amount', `${payee} got ${got}, recorded ${amount}`);
  }
  for (const [payee, amount] of moved) {
    if (promised.has(payee) || amount === 0n) continue;
    if (amount < 0n) report('custom-fee', `${-amount} to ${payee} were assessed and did not move`);
    else report('transfer-unrecorded', `${amount} to ${payee} moved in the batch and are not recorded`);
  }
}

function sameId(id: TransactionId, text: string): boolean {
  return mirrorTransactionId(id) === mirrorTransactionId(text as TransactionId);
}
