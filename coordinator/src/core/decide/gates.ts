import { type JudgingStep, judgingSteps } from '@gatepost/rules/judging/judging';
import { type Attempt, attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { workersReviewedBy } from '@gatepost/rules/run/review-id';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { nameOfGates } from '@gatepost/rules/run/verdict-gates';
import { assignKey, judgeKey, verdictKey } from '../effects/effect-key.js';
import { assignOne } from './assignments.js';
import type { Pass } from './pass.js';

/** What a gatekeeper's automatic gates will say is not known here; a review is asked for as if they accepted. */
const ASSUMED: GateOutcome = { accepted: true, gate: nameOfGates([]), reason: '' };

/**
 * Looks at results: sends them to the automatic gates, then asks people and other agents, default deny. Where a gatekeeper
 * judges, that leaves the reviews, which a coordinator assigns, and the rejection of what agents themselves call failed.
 */
export function decideGates(pass: Pass): void {
  const judges = pass.state.context.gatekeeper === undefined;
  const judged = {
    automatic: judges ? (attempt: Attempt) => pass.seen.gated.get(attemptKeyOf(attempt)) : () => ASSUMED,
    underWay: ({ task, number }: Attempt) => pass.busy(verdictKey(task, number)),
  };
  for (const step of judgingSteps(pass.state, judged)) take(pass, step);
}

function take(pass: Pass, step: JudgingStep): void {
  switch (step.step) {
    case 'judge': {
      const { task, number: attempt } = step.attempt;
      pass.ask({ kind: 'judge', key: judgeKey(task, attempt), task, attempt });
      break;
    }
    case 'verdict': {
      const { accepted, gate, reason } = step.says;
      pass.verdict(step.attempt.task, step.attempt.number, accepted, gate, reason);
      break;
    }
    case 'review':
      askForReview(pass, step.review);
      break;
  }
}

function askForReview(pass: Pass, review: TaskState): void {
  const number = review.attempts.length + 1;
  if (pass.busy(assignKey(review.spec.id, number))) return;
  const not = workersReviewedBy(pass.state, review);
  assignOne(pass, review, number, { type: review.spec.type, agent: undefined, not });
}
