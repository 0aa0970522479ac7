import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { Evidence, TransactionEvidence } from './evidence.js';
import type { RunHistory } from './history.js';
import type { LedgerView } from './ledger-view.js';
import type { Findings } from './rules.js';

/**
 * How long after its end a run's payers are still watched: the longest a transaction is valid on the network, so that
 * whatever a process of the coordinator had sent when the run ended is seen.
 */
export const WATCH_NANOS: Nanos = 180n * NANOS_PER_SECOND;

/** Whether tokens left those who pay a run only as its payment records say, while it was open and just after. */
export function checkTransfers(
  evidence: Evidence,
  view: LedgerView,
  runs: readonly RunHistory[],
  all: readonly RunHistory[],
  findings: Findings,
): void {
  const moving = evidence.transactions.filter(({ tokenTransfers }) => tokenTransfers.length > 0);
  for (const run of runs) {
    const payers = view.watchedBy(run);
    const foreign = new Set([...run.foreignSettled].map((at) => view.batchAt(at)));
    for (const transaction of moving) {
      if (!watches(run, all, transaction.at)) continue;
      const left = transaction.tokenTransfers.find(
        ({ token, account, amount }) => token === run.token && amount < 0n && payers.has(account),
      );
      if (left === undefined || isRefund(run, transaction) || view.isDisputed(transaction.at)) continue;
      const what = `${-left.amount} of ${left.token} left ${left.account}${isOpen(run, transaction.at) ? '' : ' after the end'}`;
      checkDebit(run, transaction, what, view, foreign, findings);
    }
  }
}

const isOpen = ({ opened, closed }: RunHistory, at: Nanos): boolean =>
  at >= opened.at && (closed === undefined || at <= closed.at);

/** A run answers for what happens while it is open; for a while after its end too, unless another is open by then. */
function watches(run: RunHistory, all: readonly RunHistory[], at: Nanos): boolean {
  if (isOpen(run, at)) return true;
  if (run.closed === undefined || at < run.closed.at || at > run.closed.at + WATCH_NANOS) return false;
  return !all.some((other) => other.coordinator === run.coordinator && other.token === run.token && isOpen(other, at));
}

/**
 * Whether the network carried out a rung of an escrow's refund: a power of two that was scheduled, with the signatures
 * that the escrow needs, and went to the coordinator.
 */
function isRefund({ coordinator, escrow }: RunHistory, { scheduled, tokenTransfers }: TransactionEvidence): boolean {
  if (escrow === undefined || scheduled !== true || tokenTransfers.length !== 2) return false;
  const amount = tokenTransfers.find(({ account }) => account === escrow)?.amount ?? 0n;
  const isToOwner = tokenTransfers.some(({ account }) => account === coordinator);
  return isToOwner && amount < 0n && (-amount & (-amount - 1n)) === 0n;
}

function checkDebit(
  run: RunHistory,
  { id, batch }: TransactionEvidence,
  what: string,
  view: LedgerView,
  foreign: ReadonlySet<Nanos | undefined>,
  findings: Findings,
): void {
  if (batch === undefined) findings.add('transfer-outside-batch', run.run, id, what);
  else if (view.isRecorded(batch)) return;
  else if (foreign.has(batch)) findings.add('settled-author', run.run, id, `${what}, recorded by another account`);
  else findings.add('transfer-unrecorded', run.run, id, what);
}
