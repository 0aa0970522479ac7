import { type AccountId, type TopicId, tokenId } from '@gatepost/shared/vocabulary/ids';
import type { Plan } from '../plan/plan.js';
import { modeOf } from '../run/run-mode.js';
import { recordsOn } from './decode.js';
import type { Evidence, OwnedTopicEvidence } from './evidence.js';
import { type AnyEntry, type Entry, isA, isBefore, mayWriteVerdicts, type RunHistory } from './history.js';
import { Messages, withInbox } from './messages.js';
import { TaskHistories } from './task-histories.js';
import { namesByRun } from './task-names.js';

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
  /** The messages with the records, tasks named by their ids. */
  readonly messages: Messages;
  /** All records in consensus order; made anew each time, and as long as the history. */
  readonly entries: readonly AnyEntry[];
}

/**
 * Sorts all records by run and attempt. A run counts when the journal is its opener's.
 * @param plans name the tasks of their runs; those of other runs are named by their assignments.
 */
export function replay(evidence: Evidence, ...plans: readonly (Plan | undefined)[]): Replay {
  const counted = new Map<string, number>();
  const count = (reason: string): void => void counted.set(reason, (counted.get(reason) ?? 0) + 1);
  const messages = new Messages(evidence);
  const inboxOwners = new Map<TopicId, InboxOwner>();
  const openings = recordsOn(evidence.journal, ['run_opened']);
  const runs = openRuns(evidence, openings, count, (run, opened) =>
    newRun(run, opened, new TaskHistories(messages, (inbox) => inboxOwners.get(inbox)?.agent)),
  );
  const known = plans.filter((plan) => plan !== undefined);
  messages.nameTasks(namesByRun(runs, messages.assignments(), known));
  for (const [topic, owner] of inboxesOf(evidence)) inboxOwners.set(topic, owner);
  for (const entry of messages.journal()) sortJournalEntry(runs, entry, count);
  for (const entry of messages.inboxes()) sortInboxEntry(runs, inboxOwners, entry, count);
  const malformed: [string, number][] = [
    ['malformed message on the journal', messages.malformed.journal],
    ['malformed message on an inbox', messages.malformed.inboxes],
  ];
  const ignored = new Map([...malformed.filter(([, times]) => times > 0), ...counted]);
  return {
    runs,
    ignored,
    inboxOwners,
    messages,
    get entries() {
      return [...messages.inOrder()];
    },
  };
}

type Count = (reason: string) => void;

/**
 * Whether a journal is an account's own: it made it, which no change of keys undoes, or has the journal's admin key now. A
 * journal without a usable admin key proves no owner; there everybody counts.
 */
export const isOwnJournal = (
  { adminKey, creation }: Pick<OwnedTopicEvidence, 'adminKey' | 'creation'>,
  account: AccountId,
  key: string | undefined,
): boolean => adminKey === undefined || creation?.by === account || key === adminKey;

function openRuns(
  evidence: Evidence,
  openings: Iterable<Entry<'run_opened'>>,
  count: Count,
  open: (run: string, opened: Entry<'run_opened'>) => RunHistory,
): Map<string, RunHistory> {
  const runs = new Map<string, RunHistory>();
  for (const entry of openings) {
    if (entry.run === undefined) continue;
    const known = runs.get(entry.run);
    if (!isOwnJournal(evidence.journal, entry.author, evidence.accountKeys.get(entry.author))) {
      count("run opened by another than the journal's owner");
    } else if (known === undefined) {
      runs.set(entry.run, open(entry.run, entry));
    } else if (known.coordinator === entry.author) {
      known.reopened.push(entry);
    } else {
      count('run opened by another than its coordinator');
    }
  }
  return runs;
}

function newRun(run: string, opened: Entry<'run_opened'>, tasks: TaskHistories): RunHistory {
  return {
    run,
    opened,
    coordinator: opened.author,
    token: tokenId(opened.record.token),
    ...modeOf(opened.record),
    closed: undefined,
    closings: [],
    reopened: [],
    tasks,
    inboxes: new Set(),
    refused: undefined,
    settled: [],
    early: [],
    foreignSettled: new Set(),
  };
}

/**
 * Whose each inbox is: its creator's, from when that first announced it. Where none did, that of the first who announced
 * it, which a rule then finds fault with.
 */
function inboxesOf(evidence: Evidence): Map<TopicId, InboxOwner> {
  const creations = new Map(evidence.inboxes.map(({ topic, creation }) => [topic as string, creation]));
  const announcements = new Map<string, AnyEntry[]>();
  for (const said of recordsOn(evidence.journal, ['online'])) {
    if (!creations.has(said.record.inbox)) continue;
    const entry = withInbox(said, creations);
    const earlier = announcements.get(said.record.inbox);
    if (earlier === undefined) announcements.set(said.record.inbox, [entry]);
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

function sortJournalEntry(runs: Map<string, RunHistory>, entry: AnyEntry, count: Count): void {
  if (entry.run === undefined || isA(entry, 'run_opened')) return;
  const run = runs.get(entry.run);
  if (run === undefined) {
    count('record of a run that does not count');
  } else if (isBefore(entry, run.opened)) {
    count('record before its run was opened');
    if (isA(entry, 'settled') && entry.author === run.coordinator) run.early.push(entry);
  } else if (isA(entry, 'result')) {
    run.tasks.add(entry.record.task, entry);
  } else if (isA(entry, 'verdict')) {
    run.tasks.add(entry.record.task, entry);
    if (!mayWriteVerdicts(run, entry.author)) count(`verdict by another than ${whoJudges(run)}`);
  } else if (isA(entry, 'timed_out')) {
    if (entry.author !== run.coordinator) count('deadline told by another than the coordinator');
    else run.tasks.add(entry.record.task, entry);
  } else if (isA(entry, 'dispute')) {
    if (run.arbiter === undefined || !mayWriteVerdicts(run, entry.author)) count('dispute by who is no party to it');
    else run.tasks.add(entry.record.task, entry);
  } else if (isA(entry, 'decision')) {
    if (entry.author !== run.arbiter) count('decision by another than the arbiter');
    else run.tasks.add(entry.record.task, entry);
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
    run.foreignSettled.add(entry.at);
    return;
  }
  run.settled.push(entry.place);
  for (const [index, { task }] of entry.record.payments.entries()) run.tasks.add(task, entry, index);
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
  if (entry.author !== run.coordinator) count('assignment by another than the coordinator');
  else run.inboxes.add(entry.topic);
  run.tasks.add(entry.record.task, entry);
}
