import { largestAgreement, roundIsIn } from '../fold/gate-index.js';
import { type Attempt, type AttemptVerdict, isOpen } from '../run/attempt.js';
import { membersInRound } from '../run/attempt-numbers.js';
import type { GateOutcome } from '../run/gate-outcome.js';
import { agentGateOf, findOrReview, reviewId } from '../run/review-id.js';
import type { RunState } from '../run/run-state.js';
import {
  awaitsPerson,
  concerns,
  hasHumanGate,
  isAccepted,
  isTerminal,
  type QuorumGate,
  quorumOf,
  type TaskState,
} from '../run/task-state.js';
import { FAILURE_GATE, REVIEW_ACCEPTS, rejectsOutput, type VerdictGate } from '../run/verdict-gates.js';

/** What there is to do about results. */
export type JudgingStep =
  /** The automatic gates shall look at the output of an attempt. */
  | { readonly step: 'judge'; readonly attempt: Attempt }
  /** A verdict follows. */
  | { readonly step: 'verdict'; readonly attempt: Attempt; readonly says: GateOutcome }
  /** An agent shall be asked to review, which nobody was yet in this round. */
  | { readonly step: 'review'; readonly review: TaskState };

/** What whoever judges knows beside the ledger. */
export interface Judged {
  /** What the automatic gates said of an attempt's output; undefined before they did. */
  readonly automatic: (attempt: Attempt) => GateOutcome | undefined;
  /** Whether a verdict on an attempt is on its way to the ledger. */
  readonly underWay: (attempt: Attempt) => boolean;
}

/** What results are to be looked at, by whom, and which verdicts follow; default deny. Pure: nothing is changed. */
export function* judgingSteps(state: RunState, judged: Judged): Generator<JudgingStep> {
  for (const id of state.judgeable) {
    const task = state.tasks.get(id);
    if (task === undefined || isBeingDecided(task, judged)) continue;
    const quorum = quorumOf(task.spec);
    if (quorum !== undefined) yield* judgeQuorum(state, judged, task, quorum);
    else yield* judgeSingle(state, judged, task);
  }
}

/** Whether there is nothing to do but wait for the verdict on its only attempt: so it is with most, and they are looked at often. */
function isBeingDecided({ attempts }: TaskState, judged: Judged): boolean {
  const [attempt] = attempts;
  return attempts.length === 1 && attempt !== undefined && judged.underWay(attempt);
}

const verdict = (attempt: Attempt, accepted: boolean, gate: VerdictGate, reason: string): JudgingStep => ({
  step: 'verdict',
  attempt,
  says: { accepted, gate, reason },
});

const undecided = (task: TaskState): Attempt[] =>
  task.attempts.filter((attempt) => isOpen(attempt) && attempt.result !== undefined);

const isGood = ({ result }: Attempt): boolean => result?.ok === true;

function* rejectFailures(attempts: readonly Attempt[]): Generator<JudgingStep> {
  for (const attempt of attempts) {
    if (isGood(attempt)) continue;
    yield verdict(attempt, false, FAILURE_GATE, attempt.result?.reason ?? 'the agent reported a failure');
  }
}

/** One attempt after the other: while a verdict on one is on its way, another might be accepted beside it. */
function* judgeSingle(state: RunState, judged: Judged, task: TaskState): Generator<JudgingStep> {
  const all = undecided(task);
  yield* rejectFailures(all);
  const good = all.filter(isGood);
  const [attempt] = good;
  if (attempt === undefined || good.some(judged.underWay)) return;
  yield* judgeGroup(state, judged, task, [attempt]);
}

/** Outputs are only compared; when enough are equal, the task's other gates look at that one output. */
function* judgeQuorum(state: RunState, judged: Judged, task: TaskState, quorum: QuorumGate): Generator<JudgingStep> {
  const all = undecided(task);
  yield* rejectFailures(all);
  const good = all.filter(isGood);
  const agreed = task.attempts.find((attempt) => attempt.verdict?.accepted === true)?.result?.outputSha256;
  if (isAccepted(task.status) || agreed !== undefined) {
    for (const attempt of good) {
      const equal = attempt.result?.outputSha256 === agreed;
      yield verdict(attempt, equal, 'quorum', equal ? 'agrees' : 'differs from what others agreed on');
    }
    return;
  }
  const known = new Set<Attempt>();
  for (const attempt of good) {
    const said = rejectionOf(task, attempt);
    if (said === undefined) continue;
    known.add(attempt);
    // Whoever judges wrote it.
    yield verdict(attempt, false, said.gate as VerdictGate, said.reason);
  }
  const group = largestAgreement(task).filter((attempt) => !known.has(attempt));
  if (group.length >= quorum.agree) yield* judgeGroup(state, judged, task, group.filter(isOpen));
  else if (roundIsIn(task)) {
    const reason = `${group.length} of ${quorum.of} outputs are equal, ${quorum.agree} are needed`;
    for (const attempt of good) if (!known.has(attempt)) yield verdict(attempt, false, 'quorum', reason);
  }
}

/** What gates said against the output of an attempt when another member had delivered it: the same holds for all of them. */
const rejectionOf = (task: TaskState, { result }: Attempt): AttemptVerdict | undefined =>
  membersInRound(task).find(
    ({ verdict: other, result: theirs }) =>
      other !== undefined && rejectsOutput(other) && theirs?.outputSha256 === result?.outputSha256,
  )?.verdict;

/** Attempts with one and the same output. */
function* judgeGroup(
  state: RunState,
  judged: Judged,
  task: TaskState,
  group: readonly Attempt[],
): Generator<JudgingStep> {
  const [first] = group;
  if (first === undefined) return;
  const outcome = judged.automatic(first);
  if (outcome === undefined) {
    yield { step: 'judge', attempt: first };
    return;
  }
  const says = outcome.accepted
    ? (personSays(task, first) ?? (yield* reviewSays(state, task, first, outcome)))
    : outcome;
  if (says === undefined) return;
  for (const attempt of group) yield { step: 'verdict', attempt, says };
}

/** A rejection by a person, `undefined` when the person accepts or need not be asked; see `awaitsPerson`. */
function personSays(task: TaskState, attempt: Attempt): GateOutcome | undefined {
  const { directive } = task;
  if (directive === undefined || directive.approve || !hasHumanGate(task.spec) || !concerns(task, attempt))
    return undefined;
  return { accepted: false, gate: 'human', reason: directive.reason };
}

/** Asks an agent that did not do the work, once a person has had no objection; default deny. */
function* reviewSays(
  state: RunState,
  task: TaskState,
  attempt: Attempt,
  automatic: GateOutcome,
): Generator<JudgingStep, GateOutcome | undefined> {
  if (awaitsPerson(task, attempt)) return undefined;
  const accepted: GateOutcome = {
    accepted: true,
    gate: automatic.gate,
    reason: task.directive?.reason ?? automatic.reason,
  };
  const gate = agentGateOf(task.spec);
  if (gate === undefined) return accepted;
  const review = findOrReview(state, reviewId(task.spec.id, attempt.number));
  if (review === undefined) return { accepted: false, gate: 'agent', reason: 'the output cannot be reviewed' };
  if (isAccepted(review.status)) {
    const said = review.attempts.find((other) => other.verdict?.accepted === true)?.verdict;
    return said?.gate === REVIEW_ACCEPTS ? { ...accepted, reason: said.reason } : deny(said?.reason);
  }
  if (isTerminal(review.status)) return deny(`no review: ${review.reason ?? review.status}`);
  if (review.need > 0) yield { step: 'review', review };
  return undefined;
}

const deny = (reason = 'the reviewer rejects'): GateOutcome => ({ accepted: false, gate: 'agent', reason });
