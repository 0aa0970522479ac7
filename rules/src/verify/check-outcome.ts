import { canonicalJson } from '@gatepost/shared/vocabulary/digest';
import { reviewedAttempt } from '../run/review-id.js';
import { factsOf } from './facts.js';
import { type AttemptHistory, attemptName, type Entry, isBefore, type RunHistory } from './history.js';
import type { Findings } from './rules.js';
import type { TaskCheck } from './task-check.js';

/** Whether a run was opened once and ended as its last record says. */
export function outcomeCheck(run: RunHistory, findings: Findings): TaskCheck {
  const [ofOpening, afterClose, ofClosing] = [findings.section(), findings.section(), findings.section()];
  const { closed } = run;
  let assigned = 0;
  let accepted = 0;
  return {
    task: (task, attempts) => {
      const all = [...attempts.values()];
      const isWork = reviewedAttempt(task) === undefined;
      if (isWork && all.some((attempt) => factsOf(run, attempt).assignment !== undefined)) assigned += 1;
      if (closed === undefined) return;
      for (const attempt of all) checkAfterClose(run, closed, attempt, afterClose);
      const inTime = all.filter((attempt) => checkAccepted(run, closed, attempt, ofClosing));
      if (isWork && inTime.length > 0) accepted += 1;
    },
    end: () => {
      checkOpening(run, assigned, ofOpening);
      const missing = run.opened.record.tasks - accepted;
      if (closed?.record.outcome !== 'complete' || missing <= 0) return;
      const what = `closed as complete, but ${missing} tasks were not accepted`;
      ofClosing.add('outcome-differs', run.run, run.run, what);
    },
  };
}

function checkOpening(run: RunHistory, assigned: number, findings: Findings): void {
  const opening = canonicalJson(run.opened.record);
  if (run.reopened.some(({ record }) => canonicalJson(record) !== opening)) {
    findings.add('run-reopened', run.run, run.run, 'opened again as something else');
  }
  for (const { record } of run.early) {
    const what = record.payments.map(attemptName).join(', ');
    findings.add('paid-before-open', run.run, what, 'paid before run_opened');
  }
  if (assigned > run.opened.record.tasks) {
    const what = `${assigned} tasks were assigned, the run was opened with ${run.opened.record.tasks}`;
    findings.add('task-count', run.run, run.run, what);
  }
}

type Closing = Entry<'run_closed'>;

function checkAfterClose(run: RunHistory, closed: Closing, attempt: AttemptHistory, findings: Findings): void {
  for (const { entry, amount } of attempt.payments) {
    if (!isBefore(closed, entry)) continue;
    findings.add('paid-after-close', run.run, attemptName(attempt), `${amount} paid after run_closed`);
  }
}

/** Whether an attempt was accepted before the run was closed; then it had to be paid. */
function checkAccepted(run: RunHistory, closed: Closing, attempt: AttemptHistory, findings: Findings): boolean {
  const { verdict, assignment, decision } = factsOf(run, attempt);
  if (verdict?.record.accepted !== true || isBefore(closed, verdict)) return false;
  const price = BigInt(assignment?.entry.record.price ?? 0);
  if (closed.record.outcome !== 'complete' || price === 0n || attempt.payments.length > 0) return true;
  if (decision === undefined)
    findings.add('accepted-unpaid', run.run, attemptName(attempt), `accepted and not paid its ${price}`);
  return true;
}
