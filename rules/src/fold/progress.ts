import { clipReason } from '@gatepost/shared/records/codec';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Attempt } from '../run/attempt.js';
import { attemptAt } from '../run/attempt-numbers.js';
import type { RunState } from '../run/run-state.js';
import { isTerminal, type TaskState } from '../run/task-state.js';
import { refreshJudgeable } from './gate-index.js';
import type { Apply } from './outcome.js';
import { freeSlot } from './transitions.js';

type Found = { readonly task: TaskState; readonly attempt: Attempt };

/** The attempt a record of an agent is about, or why it may not speak of it. */
function attemptOf(state: RunState, id: string, number: number, author: AccountId): Found | string {
  const task = state.tasks.get(id);
  const attempt = attemptAt(task, number);
  if (task === undefined || attempt === undefined) return 'report on an attempt that was not assigned';
  if (attempt.agent !== author) return "report on another agent's attempt";
  if (attempt.verdict !== undefined) return 'report on an attempt that is decided';
  if (attempt.timedOutAt !== undefined) return 'report on an attempt after its deadline';
  return { task, attempt };
}

/** An agent has begun to work on an attempt. */
export const applyStarted: Apply<'started'> = (state, record, entry, emit) => {
  const found = attemptOf(state, record.task, record.attempt, entry.author);
  if (typeof found === 'string') return found;
  const { task, attempt } = found;
  if (attempt.startedAt !== undefined || attempt.result !== undefined) return 'start told twice';
  attempt.startedAt = entry.at;
  if (task.status === 'assigned') task.status = 'in_progress';
  emit({ event: 'started', task: record.task, attempt: record.attempt, agent: attempt.agent });
  return undefined;
};

/** An attempt is over on its host; the gates have to look at it. The first result of an attempt is its only one. */
export const applyResult: Apply<'result'> = (state, record, entry, emit) => {
  const found = attemptOf(state, record.task, record.attempt, entry.author);
  if (typeof found === 'string') return found;
  const { task, attempt } = found;
  if (attempt.result !== undefined) return 'result told twice';
  const ok = record.outcome === 'ok';
  attempt.result = {
    ok,
    outputSha256: ok ? record.output_sha256 : undefined,
    outputSize: ok ? record.output_size : 0,
    inline: ok ? record.output : undefined,
    reason: ok ? undefined : clipReason(record.reason),
    at: entry.at,
  };
  state.overdue.delete(attempt);
  state.working -= 1;
  if (ok) freeSlot(state, attempt);
  if (!isTerminal(task.status)) task.status = 'review';
  refreshJudgeable(state, task);
  const { outcome, reason } = { outcome: record.outcome, reason: attempt.result.reason };
  emit({ event: 'result', task: record.task, attempt: record.attempt, agent: attempt.agent, outcome, reason });
  return undefined;
};
