import { canonicalJson } from '@gatepost/shared/vocabulary/digest';
import { reviewedAttempt } from '../run/review-id.js';
import { factsOf } from './facts.js';
import { attemptName, attemptsOf, type Entry, isBefore, type RunHistory } from './history.js';
import type { Findings } from './rules.js';

/** Whether a run was opened once and ended as its last record says. */
export function checkOutcome(run: RunHistory, findings: Findings): void {
  const opening = canonicalJson(run.opened.record);
  if (run.reopened.some(({ record }) => canonicalJson(record) !== opening)) {
    findings.add('run-reopened', run.run, run.run, 'opened again as something else');
  }
  for (const { record } of run.early) {
    const what = record.payments.map(attemptName).join(', ');
    findings.add('paid-before-open', run.run, what, 'paid before run_opened');
  }
  const assigned = assignedTasks(run);
  if (assigned > run.opened.record.tasks) {
    const what = `${assigned} tasks were assigned, the run was opened with ${run.opened.record.tasks}`;
    findings.add('task-count', run.run, run.run, what);
  }
  if (run.closed === undefined) return;
  checkAfterClose(run, run.closed, findings);
  checkClosing(run, run.closed, findings);
}

function assignedTasks(run: RunHistory): number {
  let tasks = 0;
  for (const [task, attempts] of run.tasks) {
    if (reviewedAttempt(task) !== undefined) continue;
    if ([...attempts.values()].some((attempt) => factsOf(run, attempt).assignment !== undefined)) tasks += 1;
  }
  return tasks;
}

function checkAfterClose(run: RunHistory, closed: Entry<'run_closed'>, findings: Findings): void {
  for (const attempt of attemptsOf(run)) {
    for (const { entry, amount } of attempt.payments) {
      if (!isBefore(closed, entry)) continue;
      findings.add('paid-after-close', run.run, attemptName(attempt), `${amount} paid after run_closed`);
    }
  }
}

function checkClosing(run: RunHistory, closed: Entry<'run_closed'>, findings: Findings): void {
  const accepted = new Set<string>();
  for (const attempt of attemptsOf(run)) {
    const { verdict, assignment, decision } = factsOf(run, attempt);
    if (verdict?.record.accepted !== true || isBefore(closed, verdict)) continue;
    if (reviewedAttempt(attempt.task) === undefined) accepted.add(attempt.task);
    const price = BigInt(assignment?.entry.record.price ?? 0);
    if (closed.record.outcome !== 'complete' || price === 0n || attempt.payments.length > 0) continue;
    if (decision !== undefined) continue;
    findings.add('accepted-unpaid', run.run, attemptName(attempt), `accepted and not paid its ${price}`);
  }
  const { outcome } = closed.record;
  const missing = run.opened.record.tasks - accepted.size;
  if (outcome === 'complete' && missing > 0) {
    findings.add('outcome-differs', run.run, run.run, `closed as complete, but ${missing} tasks were not accepted`);
  }
}
