import { reviewedAttempt } from '@gatepost/rules/run/review-id';
import { factsOf } from '@gatepost/rules/verify/facts';
import { attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';

/** Tasks of the plan whose work was accepted. */
export function acceptedTasks(run: RunHistory): ReadonlySet<string> {
  const accepted = new Set<string>();
  for (const attempt of attemptsOf(run)) {
    const { verdict } = factsOf(run, attempt);
    if (verdict?.record.accepted === true && reviewedAttempt(attempt.task) === undefined) accepted.add(attempt.task);
  }
  return accepted;
}
