import type { RecordOf } from '@gatepost/shared/records/schema';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { type Attempt, isOpen } from '../run/attempt.js';
import { attemptAt, freeNumbers, membersInRound } from '../run/attempt-numbers.js';
import type { LedgerRecord } from '../run/ledger-record.js';
import { inboxKeyOf } from '../run/refused-assignment.js';
import { adopt, findOrReview, reviewersOf, workersReviewedBy } from '../run/review-id.js';
import type { RunState } from '../run/run-state.js';
import { isTerminal, membersOf, type TaskState } from '../run/task-state.js';
import type { Apply } from './outcome.js';
import { countLoss } from './transitions.js';

/** An attempt comes into being, or its agent has to be told that it did not. */
export const applyAssign: Apply<'assign'> = (state, record, entry, emit) => {
  const agent = state.inboxes.get(entry.topic);
  if (agent === undefined) return 'assignment on an unknown inbox';
  const task = findOrReview(state, record.task);
  const refused = task === undefined ? 'assignment of an unknown task' : refusal(state, task, agent, record);
  if (task === undefined || refused !== undefined) {
    const there = attemptAt(task, record.attempt);
    // Told twice of one attempt, an agent keeps to it.
    if (there?.inbox !== entry.topic) {
      const told = { task: record.task, attempt: record.attempt, agent, inbox: entry.topic, reason: refused ?? '' };
      state.refused.set(inboxKeyOf(entry.topic, record.task, record.attempt), told);
    }
    return refused;
  }
  if (task.need > 0) task.need -= 1;
  else supersede(state, task, entry.at);
  const attempt = newAttempt(record, entry, agent, task);
  register(state, task, attempt);
  emit({ event: 'assigned', task: task.spec.id, attempt: attempt.number, agent });
  return undefined;
};

/** The open attempts of a task are given to another agent; theirs counts the loss. */
function supersede(state: RunState, task: TaskState, at: Nanos): void {
  for (const attempt of task.attempts) {
    if (!isOpen(attempt) || attempt.superseded) continue;
    attempt.superseded = true;
    countLoss(state, attempt.agent, at);
  }
}

function refusal(state: RunState, task: TaskState, agent: AccountId, record: RecordOf<'assign'>): string | undefined {
  if (!state.opened || state.closed !== undefined) return 'assignment outside an open run';
  if (isTerminal(task.status)) return 'assignment of a task that is over';
  if (task.waiting > 0) return 'assignment before its dependencies';
  if (!freeNumbers(task).includes(record.attempt)) return 'assignment out of turn';
  if (record.task_type !== task.spec.type) return 'assignment as a task of another type';
  if (record.judge !== state.context.gatekeeper) return 'assignment under another judge';
  if (task.spec.agent !== undefined && task.spec.agent !== agent) return 'assignment to an agent not named';
  if (worksOnIt(state, task, agent)) return 'assignment to an agent that has a part in it already';
  // Only a killed process and its successor, who did not know of each other, can together ask for too much.
  const { maxTotal } = state.context.plan;
  if (maxTotal !== undefined && state.committed + task.spec.price > maxTotal) return 'assignment beyond the budget';
  if (BigInt(record.price) !== task.spec.price || record.token !== state.context.token)
    return 'assignment at a wrong price';
  return undefined;
}

/**
 * Whether an agent would judge itself: as a second member of a quorum, as the reviewer of a task it works on, or as a
 * worker on a task it reviewed. A process that was killed may have asked it without its successor knowing, so that it is
 * here that it has to be prevented.
 */
function worksOnIt(state: RunState, task: TaskState, agent: AccountId): boolean {
  if (membersOf(task.spec) > 1 && membersInRound(task).some((member) => member.agent === agent)) return true;
  return workersReviewedBy(state, task).has(agent) || reviewersOf(state, task).has(agent);
}

function newAttempt(
  record: Parameters<typeof applyAssign>[1],
  entry: LedgerRecord,
  agent: AccountId,
  task: TaskState,
): Attempt {
  return {
    task: task.spec.id,
    number: record.attempt,
    round: task.failures + 1,
    agent,
    inbox: entry.topic,
    inboxSequence: entry.sequence,
    price: task.spec.price,
    inputSha256: record.input_sha256,
    inputSize: record.input_size,
    deadlineMs: record.deadline_ms,
    assignedAt: entry.at,
    startedAt: undefined,
    superseded: false,
    cancelled: false,
    timedOutAt: undefined,
    result: undefined,
    verdict: undefined,
    payment: undefined,
    dispute: undefined,
  };
}

/** Deadlines of attempts that are decided which may be held beside as many as are open. */
const MOST_PAST_DEADLINES = 1_024;

function register(state: RunState, task: TaskState, attempt: Attempt): void {
  adopt(state, task);
  task.attempts.push(attempt);
  if (task.status === 'pending') task.status = 'assigned';
  state.openAttempts += 1;
  state.working += 1;
  state.committed += attempt.price;
  state.deadlines.add(attempt);
  if (state.deadlines.size > state.openAttempts * 2 + MOST_PAST_DEADLINES) state.deadlines.keep(isOpen);
  const agent = state.agents.get(attempt.agent);
  if (agent === undefined) return;
  agent.open.add(attempt);
  agent.busy += 1;
  agent.assigned += 1;
}
