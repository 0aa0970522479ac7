import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Evidence, TransactionEvidence } from './evidence.js';
import { decidedPay, factsOf } from './facts.js';
import { type AttemptFacts, attemptName, attemptsOf, type RunHistory } from './history.js';
import type { LedgerView } from './ledger-view.js';
import type { Findings } from './rules.js';

/** Whether the schedules of disputes paid what the arbiter decided, after it had, and nothing else. */
export function checkDisputes(run: RunHistory, evidence: Evidence, view: LedgerView, findings: Findings): void {
  const used = new Set<string>();
  if (run.arbiter === undefined) return;
  for (const attempt of attemptsOf(run)) {
    const facts = factsOf(run, attempt);
    const name = attemptName(attempt);
    const paying = decidedPay(facts) === undefined ? undefined : facts.dispute?.record.schedule;
    const fresh = paying === undefined || used.has(paying) ? undefined : paying;
    const at = fresh === undefined ? undefined : evidence.disputeSchedules?.get(fresh);
    const done = at === undefined ? undefined : view.transactionAt(at);
    if (paying !== undefined && done === undefined) {
      findings.add('dispute-unpaid', run.run, name, `decided to be paid by the schedule ${paying}, which did not`);
    }
    if (paying !== undefined) used.add(paying);
    if (done !== undefined && !isAsDecided(run, facts, done)) {
      findings.add(
        'dispute-transfer',
        run.run,
        name,
        `the schedule ${paying} did other than was decided, or before it was`,
      );
    }
    for (const { record } of attempt.disputes) {
      if (record.schedule === fresh || !isCarriedOut(evidence.disputeSchedules?.get(record.schedule), view)) continue;
      findings.add('dispute-transfer', run.run, name, `the schedule ${record.schedule} paid and nobody had decided so`);
    }
  }
}

const isCarriedOut = (at: Nanos | undefined, view: LedgerView): boolean =>
  at !== undefined && view.transactionAt(at) !== undefined;

/** Exactly the price, from the escrow to the agent, after the decision. */
function isAsDecided(
  { escrow, token }: RunHistory,
  { decision, assignment, ...facts }: AttemptFacts,
  { at, scheduled, tokenTransfers }: TransactionEvidence,
): boolean {
  const amount = decidedPay({ decision, assignment, ...facts });
  if (decision === undefined || amount === undefined || scheduled !== true || at <= decision.at) return false;
  const moved = (account: string | undefined, by: bigint) =>
    tokenTransfers.some((one) => one.token === token && one.account === account && one.amount === by);
  return tokenTransfers.length === 2 && moved(escrow, -amount) && moved(assignment?.agent, amount);
}
