import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { reviewedAttempt } from '../run/review-id.js';
import { factsOf } from './facts.js';
import { type Assignment, type AttemptHistory, attemptsOf, isBefore, type RunHistory } from './history.js';
import type { Findings } from './rules.js';

/** An attempt at a task, or at a review of one of its attempts, with whom it was given to. */
interface Part {
  readonly attempt: AttemptHistory;
  readonly assignment: Assignment;
  /** Whether the assignment gave its agent a part in the task. */
  readonly taken: boolean;
  readonly reviews: ReturnType<typeof reviewedAttempt>;
}

/** Whether nobody was paid who judged work of its own, or judged what was not there. */
export function checkReviews(run: RunHistory, findings: Findings): void {
  for (const [task, parts] of partsByTask(run)) {
    if (parts.some(({ reviews }) => reviews !== undefined)) checkParts(run, task, parts, findings);
  }
}

/** By the task that is worked on or reviewed. */
function partsByTask(run: RunHistory): Map<string, Part[]> {
  const found = new Map<string, Part[]>();
  for (const attempt of attemptsOf(run)) {
    const { assignment, taken } = factsOf(run, attempt);
    if (assignment === undefined) continue;
    const reviews = reviewedAttempt(attempt.task);
    const task = reviews?.task ?? attempt.task;
    const parts = found.get(task);
    const part = { attempt, assignment, taken, reviews };
    if (parts === undefined) found.set(task, [part]);
    else parts.push(part);
  }
  return found;
}

/** Of work and a review that were given to one agent the later one has no effect. */
function checkParts(run: RunHistory, task: string, parts: Part[], findings: Findings): void {
  const workers = new Set<AccountId>();
  const reviewers = new Set<AccountId>();
  const inOrder = parts.sort((a, b) => (isBefore(a.assignment.entry, b.assignment.entry) ? -1 : 1));
  for (const { attempt, assignment, taken, reviews } of inOrder) {
    const { agent, entry } = assignment;
    const isPaid = attempt.payments.length > 0;
    if (reviews !== undefined) {
      const { result } = factsOf(run, run.tasks.get(task)?.get(reviews.attempt));
      if (result?.record.outcome !== 'ok' || isBefore(entry, result)) {
        const what = `${task}#${reviews.attempt} had no result yet`;
        if (isPaid) findings.add('review-before-result', run.run, attempt.task, what);
        continue;
      }
    }
    if (!(reviews === undefined ? reviewers : workers).has(agent)) {
      if (taken) (reviews === undefined ? workers : reviewers).add(agent);
    } else if (isPaid) {
      const what =
        reviews === undefined ? `had reviewed ${task} before it worked on it` : `reviewed its own work on ${task}`;
      findings.add('review-by-worker', run.run, attempt.task, `${agent} ${what}`);
    }
  }
}
