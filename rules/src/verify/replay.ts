import { type AccountId, accountId, type TopicId, tokenId } from '@gatepost/shared/vocabulary/ids';
import { isOwnTopic, type TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';
import type { Plan } from '../plan/plan.js';
import { modeOf } from '../run/run-mode.js';
import { decodeTopic } from './decode.js';
import type { Evidence, OwnedTopicEvidence } from './evidence.js';
import { factsOfRun } from './facts.js';
import {
  type AnyEntry,
  type AttemptHistory,
  type Entry,
  isBefore,
  mayWriteVerdicts,
  type RunHistory,
} from './history.js';
import { namesByRun, withTaskIds } from './task-names.js';

/** The agent an inbox belongs to, and when it first said so. */
export interface InboxOwner {
  readonly agent: AccountId;
  readonly since: AnyEntry;
}

/** Everything the topics say, sorted by run. */
export interface Replay {
  /** Runs of the journal's owner, in the order of their opening. */
  readonly runs: ReadonlyMap<string, RunHistory>;
  /** Records and messages without effect, by reason: anybody may write to a journal. */
  readonly ignored: ReadonlyMap<string, number>;
  /** Whose each inbox is. */
  readonly inboxOwners: ReadonlyMap<TopicId, InboxOwner>;
  /** All records in consensus order. */
  readonly entries: readonly AnyEntry[];
}

/**
 * Sorts all records by run and attempt. A run counts when the journal is its opener's.
 * @param plans name the tasks of their runs; those of other runs are named by their assignments.
 */
export function replay(evidence: Evidence, ...plans: readonly (Plan | undefined)[]): Replay {
  const ignored = new Map<string, number>();
  const count = (reason: string, times = 1): void => {
    if (times > 0) ignored.set(reason, (ignored.get(reason) ?? 0) + times);
  };
  const decoded = decodeTopic(evidence.journal);
  count('malformed message on the journal', decoded.malformed);
  const creations = new Map(evidence.inboxes.map(({ topic, creation }) => [topic as string, creation]));
  const inboxes = evidence.inboxes.map(decodeTopic);
  for (const { malformed } of inboxes) count('malformed message on an inbox', malformed);
  const numbered = inboxes.flatMap(({ entries }) => entries).sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const runs = openRuns(evidence, decoded.entries, count);
  const names = namesByRun(
    runs,
    numbered,
    plans.filter((plan) => plan !== undefined),
  );
  const said = decoded.entries.map((entry) => withInbox(creations, withTaskIds(entry, names)));
  const assigned = numbered.map((entry) => withTaskIds(entry, names));
  const inboxOwners = inboxesOf(evidence, said);
  for (const entry of said) sortJournalEntry(runs, entry, count);
  for (const entry of assigned) sortInboxEntry(runs, inboxOwners, entry, count);
  for (const run of runs.values()) run.facts = factsOfRun(run);
  const entries = [...said, ...assigned].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  return { runs, ignored, inboxOwners, entries };
}

type Count = (reason: string) => void;

const isA = <T extends AnyEntry['record']['type']>(entry: AnyEntry, type: T): entry is Entry<T> =>
  entry.record.type === type;

/**
 * Whether a journal is an account's own: it made it, which no change of keys undoes, or has the journal's admin key now. A
 * journal without a usable admin key proves no owner; there everybody counts.
 */
export const isOwnJournal = (
  { adminKey, creation }: Pick<OwnedTopicEvidence, 'adminKey' | 'creation'>,
  account: AccountId,
  key: string | undefined,
): boolean => adminKey === undefined || creation?.by === account || key === adminKey;

function openRuns(evidence: Evidence, entries: readonly AnyEntry[], count: Count): Map<string, RunHistory> {
  const runs = new Map<string, RunHistory>();
  for (const entry of entries) {
    if (!isA(entry, 'run_opened') || entry.run === undefined) continue;
    const known = runs.get(entry.run);
    if (!isOwnJournal(evidence.journal, entry.author, evidence.accountKeys.get(entry.author))) {
      count("run opened by another than the journal's owner");
    } else if (known === undefined) {
      runs.set(entry.run, newRun(entry.run, entry));
    } else if (known.coordinator === entry.author) {
      known.reopened.push(entry);
    } else {
      count('run opened by another than its coordinator');
    }
  }
  return runs;
}

function newRun(run: string, opened: Entry<'run_opened'>): RunHistory {
  return {
    run,
    opened,
    coordinator: opened.author,
    token: tokenId(opened.record.token),
    ...modeOf(opened.record),
    closed: undefined,
    closings: [],
    reopened: [],
    tasks: new Map(),
    facts: new Map(),
    settled: [],
    early: [],
    foreignSettled: [],
  };
}

/** An announcement with what is known of its inbox, as the coordinator looks it up for its own fold. */
function withInbox(creations: ReadonlyMap<string, TopicCreation | undefined>, entry: AnyEntry): AnyEntry {
  if (!isA(entry, 'online')) return entry;
  return { ...entry, ofOwnInbox: isOwnTopic(creations.get(entry.record.inbox), entry.author, entry.at) };
}

/**
 * Whose each inbox is: its creator's, from when that first announced it. Where none did, that of the first who announced
 * it, which a rule then finds fault with.
 */
function inboxesOf(evidence: Evidence, entries: readonly AnyEntry[]): Map<TopicId, InboxOwner> {
  const announcements = new Map<string, AnyEntry[]>();
  for (const entry of entries) {
    if (!isA(entry, 'online')) continue;
    const earlier = announcements.get(entry.record.inbox);
    if (earlier === undefined) announcements.set(entry.record.inbox, [entry]);
    else earlier.push(entry);
  }
  const owners = new Map<TopicId, InboxOwner>();
  for (const { topic } of evidence.inboxes) {
    const announced = announcements.get(topic) ?? [];
    const since = announced.find(({ ofOwnInbox }) => ofOwnInbox === true) ?? announced[0];
    if (since !== undefined) owners.set(topic, { agent: since.author, since });
  }
  return owners;
}

function attemptOf(run: RunHistory, task: string, attempt: number): AttemptHistory {
  const attempts = run.tasks.get(task) ?? new Map<number, AttemptHistory>();
  run.tasks.set(task, attempts);
  const known = attempts.get(attempt);
  if (known !== undefined) return known;
  const created: AttemptHistory = {
    task,
    attempt,
    assignments: [],
    results: [],
    verdicts: [],
    timedOut: [],
    payments: [],
    disputes: [],
    decisions: [],
  };
  attempts.set(attempt, created);
  return created;
}

function sortJournalEntry(runs: Map<string, RunHistory>, entry: AnyEntry, count: Count): void {
  if (entry.run === undefined || isA(entry, 'run_opened')) return;
  const run = runs.get(entry.run);
  if (run === undefined) {
    count('record of a run that does not count');
  } else if (isBefore(entry, run.opened)) {
    count('record before its run was opened');
    if (isA(entry, 'settled') && entry.author === run.coordinator) run.early.push(entry);
  } else if (isA(entry, 'result')) {
    attemptOf(run, entry.record.task, entry.record.attempt).results.push(entry);
  } else if (isA(entry, 'verdict')) {
    attemptOf(run, entry.record.task, entry.record.attempt).verdicts.push(entry);
    if (!mayWriteVerdicts(run, entry.author)) count(`verdict by another than ${whoJudges(run)}`);
  } else if (isA(entry, 'timed_out')) {
    if (entry.author !== run.coordinator) count('deadline told by another than the coordinator');
    else attemptOf(run, entry.record.task, entry.record.attempt).timedOut.push(entry);
  } else if (isA(entry, 'dispute')) {
    if (run.arbiter === undefined || !mayWriteVerdicts(run, entry.author)) count('dispute by who is no party to it');
    else attemptOf(run, entry.record.task, entry.record.attempt).disputes.push(entry);
  } else if (isA(entry, 'decision')) {
    if (entry.author !== run.arbiter) count('decision by another than the arbiter');
    else attemptOf(run, entry.record.task, entry.record.attempt).decisions.push(entry);
  } else if (isA(entry, 'settled')) {
    sortSettled(run, entry, count);
  } else if (isA(entry, 'run_closed')) {
    if (entry.author !== run.coordinator) count('run closed by another than the coordinator');
    else {
      run.closed ??= entry;
      run.closings.push(entry);
    }
  }
}

const whoJudges = ({ gatekeeper }: RunHistory): string =>
  gatekeeper === undefined ? 'the coordinator' : 'the gatekeeper';

function sortSettled(run: RunHistory, entry: Entry<'settled'>, count: Count): void {
  if (entry.author !== run.coordinator) {
    count('payment recorded by another than the coordinator');
    run.foreignSettled.push(entry);
    return;
  }
  run.settled.push(entry);
  for (const { task, attempt, to, amount } of entry.record.payments) {
    attemptOf(run, task, attempt).payments.push({ entry, to: accountId(to), amount: BigInt(amount) });
  }
}

function sortInboxEntry(
  runs: Map<string, RunHistory>,
  owners: ReadonlyMap<TopicId, InboxOwner>,
  entry: AnyEntry,
  count: Count,
): void {
  if (!isA(entry, 'assign')) return;
  const run = entry.run === undefined ? undefined : runs.get(entry.run);
  const owner = owners.get(entry.topic);
  if (run === undefined || owner === undefined) {
    count('assignment of a run that does not count');
    return;
  }
  if (isBefore(entry, run.opened)) {
    count('record before its run was opened');
    return;
  }
  // Beside a gatekeeper a closing may have no effect, and an assignment after it has one.
  if (run.gatekeeper === undefined && run.closed !== undefined && isBefore(run.closed, entry)) {
    count('assignment after its run was closed');
    return;
  }
  if (isBefore(entry, owner.since)) {
    count('assignment on an inbox that its agent had not announced');
    return;
  }
  const { task, attempt } = entry.record;

  if (entry.author !== run.coordinator) count('assignment by another than the coordinator');
  attemptOf(run, task, attempt).assignments.push({ entry, agent: owner.agent });
}
