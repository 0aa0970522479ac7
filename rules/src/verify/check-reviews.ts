import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { reviewedAttempt } from '../run/review-id.js';
import { factsOf } from './facts.js';
import { type Assignment, type AttemptHistory, isBefore, type RunHistory, type TaskHistory } from './history.js';
import type { Findings } from './rules.js';
import type { TaskCheck } from './task-check.js';

/** An attempt at a task, or at a review of one of its attempts, with whom it was given to. */
interface Part {
  readonly attempt: AttemptHistory;
  readonly assignment: Assignment;
  /** Whether the assignment gave its agent a part in the task. */
  readonly taken: boolean;
  readonly reviews: ReturnType<typeof reviewedAttempt>;
}

/** Whether nobody was paid who judged work of its own, or judged what was not there. */
export function reviewCheck(run: RunHistory, findings: Findings): TaskCheck {
  const checked = new Set<string>();
  return {
    task: (task, attempts) => {
      const reviewed = reviewedAttempt(task)?.task ?? task;
      if (run.tasks.reviewsOf(reviewed).length === 0 || checked.has(reviewed)) return;
      if (partsOf(run, attempts).length === 0) return;
      checked.add(reviewed);
      const parts = partsOfAll(run, reviewed);
      if (parts.some(({ reviews }) => reviews !== undefined)) checkParts(run, reviewed, parts, findings);
    },
  };
}

/** The parts in a task and in its reviews, in the order in which these were first spoken of. */
function partsOfAll(run: RunHistory, task: string): Part[] {
  const reviews = run.tasks.reviewsOf(task);
  // What is itself called a review is weighed as one, and not as work.
  const work = reviewedAttempt(task) === undefined ? [task] : [];
  return [...work, ...reviews]
    .sort((one, other) => (run.tasks.isBefore(one, other) ? -1 : 1))
    .flatMap((one) => partsOf(run, run.tasks.get(one) ?? new Map()));
}

function partsOf(run: RunHistory, attempts: TaskHistory['attempts']): Part[] {
  return [...attempts.values()].flatMap((attempt) => {
    const { assignment, taken } = factsOf(run, attempt);
    return assignment === undefined ? [] : [{ attempt, assignment, taken, reviews: reviewedAttempt(attempt.task) }];
  });
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
