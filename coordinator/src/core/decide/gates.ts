import { largestAgreement, roundIsIn } from '@gatepost/rules/fold/gate-index';
import { type Attempt, type AttemptVerdict, attemptKeyOf, isOpen } from '@gatepost/rules/run/attempt';
import { membersInRound } from '@gatepost/rules/run/attempt-numbers';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { agentGateOf, findOrReview, reviewId, workersReviewedBy } from '@gatepost/rules/run/review-id';
import {
  awaitsPerson,
  concerns,
  hasHumanGate,
  isAccepted,
  isTerminal,
  type QuorumGate,
  quorumOf,
  type TaskState,
} from '@gatepost/rules/run/task-state';
import { FAILURE_GATE, REVIEW_ACCEPTS, rejectsOutput, type VerdictGate } from '@gatepost/rules/run/verdict-gates';
import { assignKey, judgeKey, verdictKey } from '../effects/effect-key.js';
import { assignOne } from './assignments.js';
import type { Pass } from './pass.js';

/** Looks at results: sends them to the automatic gates, then asks people and other agents, default deny. */
export function decideGates(pass: Pass): void {
  for (const id of pass.state.judgeable) {
    const task = pass.state.tasks.get(id);
    if (task === undefined) continue;
    const quorum = quorumOf(task.spec);
    if (quorum !== undefined) judgeQuorum(pass, task, quorum);
    else judgeSingle(pass, task);
  }
}

const undecided = (task: TaskState): Attempt[] =>
  task.attempts.filter((attempt) => isOpen(attempt) && attempt.result !== undefined);

function rejectFailures(pass: Pass, attempts: readonly Attempt[]): Attempt[] {
  return attempts.filter((attempt) => {
    if (attempt.result?.ok === true) return true;
    pass.verdict(
      attempt.task,
      attempt.number,
      false,
      FAILURE_GATE,
      attempt.result?.reason ?? 'the agent reported a failure',
    );
    return false;
  });
}

/** One attempt after the other: while a verdict on one is on its way, another might be accepted beside it. */
function judgeSingle(pass: Pass, task: TaskState): void {
  const good = rejectFailures(pass, undecided(task));
  const [attempt] = good;
  if (attempt === undefined || good.some(({ number }) => pass.busy(verdictKey(task.spec.id, number)))) return;
  judgeGroup(pass, task, [attempt]);
}

/** Outputs are only compared; when enough are equal, the task's other gates look at that one output. */
function judgeQuorum(pass: Pass, task: TaskState, quorum: QuorumGate): void {
  const good = rejectFailures(pass, undecided(task));
  const agreed = task.attempts.find((attempt) => attempt.verdict?.accepted === true)?.result?.outputSha256;
  if (isAccepted(task.status) || agreed !== undefined) {
    for (const attempt of good) {
      const equal = attempt.result?.outputSha256 === agreed;
      pass.verdict(
        task.spec.id,
        attempt.number,
        equal,
        'quorum',
        equal ? 'agrees' : 'differs from what others agreed on',
      );
    }
    return;
  }
  const known = new Set<Attempt>();
  for (const attempt of good) {
    const said = rejectionOf(task, attempt);
    if (said === undefined) continue;
    known.add(attempt);
    // A coordinator wrote it.
    pass.verdict(task.spec.id, attempt.number, false, said.gate as VerdictGate, said.reason);
  }
  const group = largestAgreement(task).filter((attempt) => !known.has(attempt));
  if (group.length >= quorum.agree) judgeGroup(pass, task, group.filter(isOpen));
  else if (roundIsIn(task)) {
    const reason = `${group.length} of ${quorum.of} outputs are equal, ${quorum.agree} are needed`;
    for (const attempt of good)
      if (!known.has(attempt)) pass.verdict(task.spec.id, attempt.number, false, 'quorum', reason);
  }
}

/** What gates said against the output of an attempt when another member had delivered it: the same holds for all of them. */
const rejectionOf = (task: TaskState, { result }: Attempt): AttemptVerdict | undefined =>
  membersInRound(task).find(
    ({ verdict, result: other }) =>
      verdict !== undefined && rejectsOutput(verdict) && other?.outputSha256 === result?.outputSha256,
  )?.verdict;

/** Attempts with one and the same output. */
function judgeGroup(pass: Pass, task: TaskState, group: readonly Attempt[]): void {
  const [first] = group;
  if (first === undefined) return;
  const outcome = pass.seen.gated.get(attemptKeyOf(first));
  if (outcome === undefined) {
    const key = judgeKey(first.task, first.number);
    pass.ask({ kind: 'judge', key, task: task.spec.id, attempt: first.number });
    return;
  }
  const verdict = outcome.accepted ? (personSays(task, first) ?? reviewSays(pass, task, first, outcome)) : outcome;
  if (verdict === undefined) return;
  for (const { number } of group) pass.verdict(task.spec.id, number, verdict.accepted, verdict.gate, verdict.reason);
}

/** A rejection by a person, `undefined` when the person accepts or need not be asked; see `awaitsPerson`. */
function personSays(task: TaskState, attempt: Attempt): GateOutcome | undefined {
  const { directive } = task;
  if (directive === undefined || directive.approve || !hasHumanGate(task.spec) || !concerns(task, attempt))
    return undefined;
  return { accepted: false, gate: 'human', reason: directive.reason };
}

/** Asks an agent that did not do the work, once a person has had no objection; default deny. */
function reviewSays(pass: Pass, task: TaskState, attempt: Attempt, automatic: GateOutcome): GateOutcome | undefined {
  if (awaitsPerson(task, attempt)) return undefined;
  const accepted: GateOutcome = {
    accepted: true,
    gate: automatic.gate,
    reason: task.directive?.reason ?? automatic.reason,
  };
  const gate = agentGateOf(task.spec);
  if (gate === undefined) return accepted;
  const review = findOrReview(pass.state, reviewId(task.spec.id, attempt.number));
  if (review === undefined) return { accepted: false, gate: 'agent', reason: 'the output cannot be reviewed' };
  if (isAccepted(review.status)) {
    const said = review.attempts.find((other) => other.verdict?.accepted === true)?.verdict;
    return said?.gate === REVIEW_ACCEPTS ? { ...accepted, reason: said.reason } : deny(said?.reason);
  }
  if (isTerminal(review.status)) return deny(`no review: ${review.reason ?? review.status}`);
  if (review.need > 0) askForReview(pass, review);
  return undefined;
}

const deny = (reason = 'the reviewer rejects'): GateOutcome => ({ accepted: false, gate: 'agent', reason });

function askForReview(pass: Pass, review: TaskState): void {
  const number = review.attempts.length + 1;
  if (pass.busy(assignKey(review.spec.id, number))) return;
  const not = workersReviewedBy(pass.state, review);
  assignOne(pass, review, number, { type: review.spec.type, agent: undefined, not });
}
