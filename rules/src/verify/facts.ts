import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { isFinalGate } from '../fold/verdict.js';
import { DEADLINE_GATE } from '../run/verdict-gates.js';
import {
  type AnyEntry,
  type Assignment,
  type AttemptFacts,
  type AttemptHistory,
  type Entry,
  isBefore,
  type RunHistory,
} from './history.js';

/**
 * Reduces what was said in a run to what counts, as the fold does.
 * @param refused assignments that the fold of the run's plan gave no effect; without the plan those of which that can be
 *   known from the records alone.
 */
export function factsOfRun(
  run: RunHistory,
  refused?: ReadonlySet<AnyEntry>,
): ReadonlyMap<AttemptHistory, AttemptFacts> {
  const facts = new Map<AttemptHistory, AttemptFacts>();
  for (const attempts of run.tasks.values()) {
    const ofTask = [...attempts.values()];
    const sure = refused ?? surelyRefused(run, ofTask);
    const weighed = factsOfTask(
      run,
      ofTask.map((attempt) => weigh(run, attempt, sure, refused !== undefined)),
    );
    for (const [attempt, told] of weighed) facts.set(attempt, told);
  }
  return facts;
}

/** Whether a result is one the fold takes: what is said to be done has the digest of its output. */
export const isWhole = ({ record }: Entry<'result'>): boolean =>
  record.outcome !== 'ok' || record.output_sha256 !== undefined;

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
}

/**
 * Assignments that the fold refuses whatever the plan says: one out of turn, and one to an agent that is at work on
 * another attempt of a quorum's task. In consensus order, since one that was refused gives no part in the task. Of several
 * of one attempt nobody knows without the plan which was refused.
 */
function surelyRefused(run: RunHistory, attempts: readonly AttemptHistory[]): ReadonlySet<AnyEntry> {
  const { coordinator, token } = run;
  const refused = new Set<AnyEntry>();
  const given = new Map<AttemptHistory, AccountId>();
  const isQuorum = attempts.some(({ verdicts }) =>
    verdicts.some((verdict) => verdict.author === coordinator && isOfQuorum(verdict)),
  );
  const all = attempts
    .flatMap((attempt) => attempt.assignments.map((one) => ({ attempt, ...one })))
    .filter(({ entry }) => entry.author === coordinator && entry.record.token === token)
    .sort((one, other) => byTime(one.entry, other.entry));
  for (const { attempt, agent, entry } of all) {
    if (given.has(attempt)) continue;
    const isDecided = (other: AttemptHistory) =>
      other.verdicts.some((verdict) => verdict.author === coordinator && isBefore(verdict, entry));
    const hasPart = () => [...given].some(([other, has]) => has === agent && !isDecided(other));
    if (isQuorum ? hasPart() : attempt.attempt > given.size + 1) refused.add(entry);
    else given.set(attempt, agent);
  }
  return refused;
}

/**
 * A process that does not know what a killed one had sent may assign an attempt again under the same number. With the
 * plan one of them at most was not refused. Without it the one that counts is, of those that were not surely refused and
 * came before anything was decided about it, one to the agent that was paid, if any, else of what was accepted one to an
 * agent that delivered, else the first. Of the results it is the agent's first whole one after that.
 * @param isKnown whether all that were refused are known, from the plan.
 */
function weigh(run: RunHistory, attempt: AttemptHistory, refused: ReadonlySet<AnyEntry>, isKnown: boolean): Weighed {
  const own = attempt.assignments.filter(({ entry }) => entry.author === run.coordinator);
  const inToken = own.filter(({ entry }) => entry.record.token === run.token);
  const free = inToken.filter(({ entry }) => !refused.has(entry));
  const verdicts = attempt.verdicts.filter(({ author }) => author === run.coordinator);
  const isAccepted = verdicts.some(({ record }) => record.accepted);
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
  const result = after.find(isWhole) ?? after[0] ?? results[0];
  const taken = free.some((one) => one === assignment);
  return { attempt, assignment, taken, result, verdict: undefined };
}

function factsOfTask(run: RunHistory, weighed: readonly Weighed[]): [AttemptHistory, AttemptFacts][] {
  const assigned = weighed.flatMap(({ assignment, taken }) => (taken ? (assignment?.entry ?? []) : [])).sort(byTime);
  const verdicts = weighed
    .flatMap((one) => one.attempt.verdicts.map((verdict) => ({ one, verdict })))
    .filter(({ verdict }) => verdict.author === run.coordinator)
    .sort((a, b) => byTime(a.verdict, b.verdict));
  const decided: Decided = { accepted: undefined, givenUp: undefined };
  let begun = 0;
  for (const { one, verdict } of verdicts) {
    for (let next = assigned[begun]; next !== undefined && isBefore(next, verdict); next = assigned[begun]) begun += 1;
    if (one.verdict !== undefined || !hasEffect(one, verdict, decided, begun)) continue;
    one.verdict = verdict;
    // Nothing is decided about a task by what is said of an attempt that did not come into being.
    if (verdict.record.accepted && !one.taken) continue;
    if (verdict.record.accepted) decided.accepted ??= one;
    else if (decided.accepted === undefined && isFinalGate(verdict.record.gate)) decided.givenUp ??= verdict;
  }
  const { verdict: acceptance } = decided.accepted ?? {};
  const over = acceptance !== undefined && isOfQuorum(acceptance) ? undefined : (acceptance ?? decided.givenUp);
  return weighed.map(({ attempt, ...facts }) => [attempt, isInVain(facts, attempt, over) ? NOTHING : facts]);
}

/** What is assigned of a task that is over has no effect; when it is paid all the same, it is looked at. */
const isInVain = ({ assignment }: AttemptFacts, { payments }: AttemptHistory, over: AnyEntry | undefined): boolean =>
  assignment !== undefined && over !== undefined && payments.length === 0 && isBefore(over, assignment.entry);

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
  if (
    delivered === undefined ||
    delivered.record.outcome !== 'ok' ||
    !isWhole(delivered) ||
    decided.givenUp !== undefined
  )
    return false;
  if (isBefore(delivered, assignment.entry)) return false;
  const told = deadlineToldBy(attempt, assignment);
  if (told !== undefined && isBefore(told, delivered)) return false;
  const { accepted: first } = decided;
  if (first === undefined) return true;
  return isOfQuorum(verdict) && first.result?.record.output_sha256 === delivered.record.output_sha256;
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

/** What counts of an attempt. */
export const factsOf = (run: RunHistory, attempt: AttemptHistory | undefined): AttemptFacts =>
  (attempt && run.facts.get(attempt)) ?? NOTHING;
