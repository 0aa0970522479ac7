import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { isFinalGate } from '../fold/verdict-rules.js';
import { DISPUTE_QUIET } from '../run/dispute.js';
import { judgeOf } from '../run/judge.js';
import { REVIEW_ATTEMPTS, reviewedAttempt } from '../run/review-id.js';
import { ARBITER_GATE, DEADLINE_GATE } from '../run/verdict-gates.js';
import {
  type AnyEntry,
  type Assignment,
  type AttemptFacts,
  type AttemptHistory,
  type Entry,
  isBefore,
  mayWriteVerdicts,
  type RunHistory,
  type TaskHistory,
} from './history.js';

/**
 * Reduces what was said of a task to what counts, as the fold does. Which assignments, disputes and decisions have no
 * effect the fold of the run's plan knows; without the plan those count as refused of which it can be known from the
 * records alone.
 */
function factsOfHistory(run: RunHistory, { task, attempts }: TaskHistory): ReadonlyMap<AttemptHistory, AttemptFacts> {
  const { refused } = run;
  const ofTask = [...attempts.values()];
  const sure = refused ?? surelyRefused(run, ofTask);
  const weighed = ofTask.map((attempt) => weigh(run, attempt, sure, refused !== undefined));
  const reviews = reviewedAttempt(task);
  const review = reviews && { of: verdictOn(run, reviews, task) };
  return new Map(factsOfTask({ run, weighed, review, refused }));
}

/** What was decided about reviewed work, which ends its review. */
function verdictOn(
  run: RunHistory,
  { task, attempt }: NonNullable<ReturnType<typeof reviewedAttempt>>,
  review: string,
): Entry<'verdict'> | undefined {
  // What has the name of a review of a review is decided about in the order in which it was spoken of.
  if (reviewedAttempt(task) !== undefined && !run.tasks.isBefore(task, review)) return undefined;
  return factsOf(run, run.tasks.get(task)?.get(attempt)).verdict;
}

/** Digest of what a result brings; undefined for a failure. */
export const outputOf = (result: Entry<'result'> | undefined): string | undefined =>
  result?.record.outcome === 'ok' ? result.record.output_sha256 : undefined;

/** Whether something came by the deadline of an assignment. */
export const isInTime = (entry: AnyEntry, assignment: Assignment): boolean =>
  entry.at <= nanosFromMs(assignment.entry.record.deadline_ms);

/**
 * The word of the ledger that the deadline of an attempt had passed. A guard left behind by a process that died before it
 * assigned the attempt speaks of another deadline, and too early.
 */
export const deadlineToldBy = (attempt: AttemptHistory, assignment: Assignment): AnyEntry | undefined =>
  attempt.timedOut.find(
    (told) => isBefore(assignment.entry, told) && told.at >= nanosFromMs(assignment.entry.record.deadline_ms),
  );

interface Weighed {
  readonly attempt: AttemptHistory;
  readonly assignment: Assignment | undefined;
  readonly taken: boolean;
  readonly result: Entry<'result'> | undefined;
  verdict: Entry<'verdict'> | undefined;
  dispute: Entry<'dispute'> | undefined;
  decision: Entry<'decision'> | undefined;
}

/**
 * Assignments that the fold refuses whatever the plan says: one out of turn, and one to an agent that is at work on
 * another attempt of a quorum's task. In consensus order, since one that was refused gives no part in the task. Of several
 * of one attempt nobody knows without the plan which was refused.
 */
function surelyRefused(run: RunHistory, attempts: readonly AttemptHistory[]): ReadonlySet<number> {
  const { coordinator, token } = run;
  const refused = new Set<number>();
  const given = new Map<AttemptHistory, AccountId>();
  const isQuorum = attempts.some(
    ({ assignments, verdicts }) =>
      assignments.some(({ entry }) => entry.author === coordinator) &&
      verdicts.some((verdict) => verdict.author === judgeOf(run) && isOfQuorum(verdict)),
  );
  const all = attempts
    .flatMap((attempt) => attempt.assignments.map((one) => ({ attempt, ...one })))
    .filter(({ entry }) => entry.author === coordinator && entry.record.token === token)
    .sort((one, other) => byTime(one.entry, other.entry));
  for (const { attempt, agent, entry } of all) {
    const isOver = run.closed !== undefined && isBefore(run.closed, entry);
    if (entry.record.judge !== run.gatekeeper || isOver) {
      refused.add(entry.place);
      continue;
    }
    if (given.has(attempt)) continue;
    const isDecided = (other: AttemptHistory) =>
      other.verdicts.some((verdict) => mayWriteVerdicts(run, verdict.author) && isBefore(verdict, entry));
    const hasPart = () => [...given].some(([other, has]) => has === agent && !isDecided(other));
    if (isQuorum ? hasPart() : attempt.attempt > given.size + 1) refused.add(entry.place);
    else given.set(attempt, agent);
  }
  return refused;
}

/**
 * A process that does not know what a killed one had sent may assign an attempt again under the same number. With the
 * plan one of them at most was not refused. Without it the one that counts is, of those that were not surely refused and
 * came before anything was decided about it, one to the agent that was paid, if any, else of what was accepted one to an
 * agent that delivered, else the first. Of the results it is the agent's first one after that.
 * @param isKnown whether all that were refused are known, from the plan.
 */
function weigh(run: RunHistory, attempt: AttemptHistory, refused: ReadonlySet<number>, isKnown: boolean): Weighed {
  const own = attempt.assignments.filter(({ entry }) => entry.author === run.coordinator);
  const inToken = own.filter(({ entry }) => entry.record.token === run.token);
  const free = inToken.filter(({ entry }) => !refused.has(entry.place));
  const verdicts = attempt.verdicts.filter(({ author }) => mayWriteVerdicts(run, author));
  const isAccepted = verdicts.some(({ record, author }) => record.accepted && author === judgeOf(run));
  const [judged] = verdicts;
  const wasJudged = ({ entry }: Assignment): boolean => judged === undefined || isBefore(entry, judged);
  const judgedOnes = isKnown ? [] : [free.filter(wasJudged), inToken.filter(wasJudged)];
  const choices = [...judgedOnes, free, inToken, own];
  const [candidates = []] = choices.filter(({ length }) => length > 0);
  const payee = attempt.payments[0]?.to;
  const assignment =
    candidates.find(({ agent }) => agent === payee) ??
    candidates.find(({ agent }) => isAccepted && attempt.results.some(({ author }) => author === agent)) ??
    candidates[0];
  const results = attempt.results.filter(({ author }) => author === assignment?.agent);
  const after = results.filter((result) => assignment !== undefined && isBefore(assignment.entry, result));
  const result = after[0] ?? results[0];
  const taken = free.some((one) => one === assignment);
  return { attempt, assignment, taken, result, verdict: undefined, dispute: undefined, decision: undefined };
}

/** What a review is of: the verdict on that, if there is one. */
interface Review {
  readonly of: Entry<'verdict'> | undefined;
}

/** A task, or a review, with its attempts. */
interface Task {
  readonly run: RunHistory;
  readonly weighed: readonly Weighed[];
  readonly review: Review | undefined;
  /** What the fold of the run's plan gave no effect; undefined when that is not known. */
  readonly refused: ReadonlySet<number> | undefined;
}

function factsOfTask(task: Task): [AttemptHistory, AttemptFacts][] {
  const { weighed } = task;
  const decided = decide(task);
  const { verdict: acceptance } = decided.accepted ?? {};
  const over = acceptance !== undefined && isOfQuorum(acceptance) ? undefined : (acceptance ?? decided.givenUp);
  return weighed.map(({ attempt, ...facts }) => {
    const isTooLate = facts.assignment !== undefined && over !== undefined && isBefore(over, facts.assignment.entry);
    if (!isTooLate) return [attempt, facts];
    // What is assigned of a task that is over has no effect; when it is paid all the same, it is looked at.
    return [attempt, attempt.payments.length === 0 ? NOTHING : { ...facts, taken: false }];
  });
}

/** Goes through the verdicts on a task, notes for each attempt the one that counts, and says what they come to. */
function decide(task: Task): Decided {
  const { run, weighed, review } = task;
  const assigned = weighed.flatMap(({ assignment, taken }) => (taken ? (assignment?.entry ?? []) : [])).sort(byTime);
  const own = weighed
    .flatMap((one) => one.attempt.verdicts.map((verdict) => ({ one: one as Weighed | undefined, verdict })))
    .filter(({ verdict }) => mayWriteVerdicts(run, verdict.author));
  const ends = review?.of === undefined ? [] : [{ one: undefined, verdict: review.of }];
  const decided: Decided = { accepted: undefined, givenUp: undefined };
  let begun = 0;
  let failures = 0;
  let isReviewed = false;
  const arbitrateUntil = arbitration(task, decided);
  for (const { one, verdict } of [...own, ...ends].sort((a, b) => byTime(a.verdict, b.verdict))) {
    arbitrateUntil(verdict);
    for (let next = assigned[begun]; next !== undefined && isBefore(next, verdict); next = assigned[begun]) begun += 1;
    const newest = weighed.find(({ attempt, taken }) => taken && attempt.attempt === begun);
    if (one === undefined) {
      isReviewed = true;
      if (newest?.verdict?.record.accepted === false) giveUp(decided, verdict);
      continue;
    }
    if (one.verdict !== undefined || !hasEffect(one, verdict, decided, begun)) continue;
    if (verdict.author !== judgeOf(run) && !mayGiveUp(weighed, one, verdict, decided, begun)) continue;
    one.verdict = verdict;
    if (verdict.record.accepted) {
      // Nothing is decided about a task by what is said of an attempt that did not come into being.
      if (one.taken) decided.accepted ??= one;
    } else if (isFinalGate(verdict.record.gate)) giveUp(decided, verdict);
    else if (review !== undefined && one === newest) {
      failures += 1;
      if (isReviewed || failures >= REVIEW_ATTEMPTS) giveUp(decided, verdict);
    }
  }
  arbitrateUntil(undefined);
  return decided;
}

/** Gives disputes and decisions their effects, up to what comes next. */
function arbitration(task: Task, decided: Decided): (next: AnyEntry | undefined) => void {
  const waiting = task.weighed
    .flatMap((one) => [...one.attempt.disputes, ...one.attempt.decisions].map((told) => ({ one, told })))
    .sort((a, b) => byTime(a.told, b.told));
  return (next) => {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      if (next !== undefined && !isBefore(first.told, next)) return;
      arbitrate(task, first.one, first.told, decided);
      waiting.shift();
    }
  };
}

/** A dispute or a decision has its effect, if it has one. */
function arbitrate(task: Task, one: Weighed, told: Entry<'dispute'> | Entry<'decision'>, decided: Decided): void {
  const { attempt } = one;
  if (task.refused?.has(told.place) === true || attempt.payments.some(({ entry }) => isBefore(entry, told))) return;
  const isAccepted = one.verdict?.record.accepted === true;
  const hasOther = decided.accepted !== undefined && decided.accepted !== one;
  if (!isDecision(told)) {
    if (one.dispute === undefined && mayBeDisputed(task, one, told, isAccepted ? undefined : hasOther))
      one.dispute = told;
    return;
  }
  const { pay, reason, task: id, attempt: number } = told.record;
  if (one.dispute === undefined || one.decision !== undefined || told.at <= one.dispute.at + DISPUTE_QUIET) return;
  if (pay && !isAccepted && hasOther) return;
  one.decision = told;
  if (isAccepted || (one.verdict !== undefined && !pay)) return;
  const record = { type: 'verdict' as const, task: id, attempt: number, accepted: pay, gate: ARBITER_GATE, reason };
  one.verdict = { ...told, record };
  if (pay && decided.givenUp === undefined) decided.accepted ??= one;
}

const isDecision = (told: Entry<'dispute'> | Entry<'decision'>): told is Entry<'decision'> =>
  told.record.type === 'decision';

/**
 * Whether the arbiter may be asked about an attempt: about what was accepted, and about what was delivered in time while no
 * other result of its task was accepted; not about reviews and members of quorums that were not accepted.
 * @param hasOther undefined for what was accepted itself.
 */
function mayBeDisputed(
  { weighed, review }: Task,
  { attempt, assignment, taken, result }: Weighed,
  dispute: Entry<'dispute'>,
  hasOther: boolean | undefined,
): boolean {
  if (assignment === undefined || !taken || BigInt(assignment.entry.record.price) === 0n) return false;
  if (result === undefined || result.record.outcome !== 'ok' || !isBefore(result, dispute)) return false;
  if (!isBefore(assignment.entry, result)) return false;
  const told = deadlineToldBy(attempt, assignment);
  if (told !== undefined && isBefore(told, result)) return false;
  if (hasOther === undefined) return true;
  const isMember = weighed.some((one) => one.attempt.verdicts.some(isOfQuorum));
  return !hasOther && !isMember && review === undefined && isInTime(result, assignment);
}

function giveUp(decided: Decided, verdict: Entry<'verdict'>): void {
  if (decided.accepted === undefined) decided.givenUp ??= verdict;
}

const byTime = (a: AnyEntry, b: AnyEntry): number => (isBefore(a, b) ? -1 : 1);

/** What was decided about a task so far. */
interface Decided {
  accepted: Weighed | undefined;
  givenUp: Entry<'verdict'> | undefined;
}

/**
 * Whether a verdict has an effect: an acceptance needs a result before it and no other one accepted, unless a quorum's
 * that is equal; what is called late must be late; and nothing is judged before it was assigned, but for the next attempt
 * of a task that is given up.
 * @param begun how many of the task's attempts had been assigned by then.
 */
function hasEffect(one: Weighed, verdict: Entry<'verdict'>, decided: Decided, begun: number): boolean {
  const { attempt, assignment, taken, result } = one;
  const { accepted, gate } = verdict.record;
  if (assignment === undefined || isBefore(verdict, assignment.entry) || !(taken || accepted)) {
    return !accepted && isFinalGate(gate) && attempt.attempt <= begun + 1;
  }
  const delivered = result !== undefined && isBefore(result, verdict) ? result : undefined;
  if (!accepted) {
    const cameInTime = delivered !== undefined && isInTime(delivered, assignment);
    return gate !== DEADLINE_GATE || !(isInTime(verdict, assignment) || cameInTime);
  }
  if (delivered === undefined || delivered.record.outcome !== 'ok' || decided.givenUp !== undefined) return false;
  if (isBefore(delivered, assignment.entry)) return false;
  const told = deadlineToldBy(attempt, assignment);
  if (told !== undefined && isBefore(told, delivered)) return false;
  const { accepted: first } = decided;
  if (first === undefined) return true;
  return isOfQuorum(verdict) && outputOf(first.result) === outputOf(delivered);
}

/**
 * Whether a coordinator that does not judge may reject an attempt: only what was not delivered, and not so that work that
 * was is lost with it: a round hangs on its newest attempt, and one whose work was given to another can go. Without the
 * plan it is what is said of a task that says whether it was a quorum's.
 */
function mayGiveUp(
  task: readonly Weighed[],
  one: Weighed,
  verdict: Entry<'verdict'>,
  decided: Decided,
  begun: number,
): boolean {
  if (verdict.record.accepted || isDelivered(one, verdict, decided)) return false;
  const isOver = decided.givenUp !== undefined || decided.accepted !== undefined;
  if (isOver || !task.some((other) => isDelivered(other, verdict, decided))) return true;
  if (task.some(({ attempt }) => attempt.verdicts.some(isOfQuorum))) return true;
  return one.attempt.attempt < begun && !isFinalGate(verdict.record.gate);
}

/** Whether an attempt had an output by then that came in time and could still be accepted. */
function isDelivered(
  { attempt, assignment, taken, result, verdict: has }: Weighed,
  by: AnyEntry,
  decided: Decided,
): boolean {
  if (assignment === undefined || !taken || has !== undefined || decided.givenUp !== undefined) return false;
  if (result === undefined || result.record.outcome !== 'ok' || !isBefore(result, by)) return false;
  if (!isBefore(assignment.entry, result) || !isInTime(result, assignment)) return false;
  const told = deadlineToldBy(attempt, assignment);
  if (told !== undefined && isBefore(told, result)) return false;
  const { accepted } = decided;
  if (accepted === undefined) return true;
  return (
    accepted.verdict !== undefined && isOfQuorum(accepted.verdict) && outputOf(accepted.result) === outputOf(result)
  );
}

/** Whether a verdict is on a member of a quorum; without the plan it is the verdicts that say so. */
export const isOfQuorum = ({ record }: Entry<'verdict'>): boolean => record.gate.split('+').includes('quorum');

/**
 * The verdict with which a task was accepted: the one that completes its quorum, or its only one; undefined while too few
 * agree, or when it was given up before.
 */
export function decidingVerdict(run: RunHistory, task: string, agree: number): Entry<'verdict'> | undefined {
  const verdicts = [...(run.tasks.get(task)?.values() ?? [])]
    .flatMap((attempt) => factsOf(run, attempt).verdict ?? [])
    .sort(byTime);
  const deciding = verdicts.filter(({ record }) => record.accepted)[agree - 1];
  const givenUp = verdicts.find(({ record }) => !record.accepted && isFinalGate(record.gate));
  return givenUp !== undefined && deciding !== undefined && isBefore(givenUp, deciding) ? undefined : deciding;
}

const NOTHING: AttemptFacts = { assignment: undefined, taken: false, result: undefined, verdict: undefined };

/** What the arbiter's decision pays of an attempt, in the token's smallest unit; undefined when it pays nothing. */
export function decidedPay({ decision, assignment }: AttemptFacts): bigint | undefined {
  return decision?.record.pay === true ? BigInt(assignment?.entry.record.price ?? 0) : undefined;
}

/** Whether an attempt was paid, in a batch or by a decision. */
export const isPaid = (run: RunHistory, attempt: AttemptHistory): boolean =>
  attempt.payments.length > 0 || decidedPay(factsOf(run, attempt)) !== undefined;

/** What counts of an attempt. */
export const factsOf = (run: RunHistory, attempt: AttemptHistory | undefined): AttemptFacts =>
  (attempt && factsIn(run, attempt.of).get(attempt)) ?? NOTHING;

function factsIn(run: RunHistory, history: TaskHistory): ReadonlyMap<AttemptHistory, AttemptFacts> {
  history.facts ??= factsOfHistory(run, history);
  return history.facts;
}
