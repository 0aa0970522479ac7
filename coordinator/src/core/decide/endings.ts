import { isOpen } from '@gatepost/rules/run/attempt';
import { attemptAt, nextNumber } from '@gatepost/rules/run/attempt-numbers';
import { isTerminal, type TaskState } from '@gatepost/rules/run/task-state';
import { DEADLINE_GATE, DECLINED_GATE } from '@gatepost/rules/run/verdict-gates';
import { msFromNanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { cancelKey } from '../effects/effect-key.js';
import type { Pass } from './pass.js';

/**
 * Attempts past their deadline without a result: cancelled and rejected. That there is no result is only known when the
 * journal was read beyond the deadline; where nothing else is written to it, a beacon is.
 */
export function decideDeadlines(pass: Pass): void {
  const { deadlines, overdue, journalAt } = pass.state;
  for (let due = deadlines.peek(); due !== undefined; due = deadlines.peek()) {
    if (nanosFromMs(due.deadlineMs) >= journalAt) break;
    deadlines.pop();
    if (isOpen(due) && due.result === undefined) overdue.add(due);
  }
  askForTime(pass);
  for (const attempt of overdue) {
    const lateMs = attempt.deadlineMs - msFromNanos(attempt.assignedAt);
    const reason = `no result ${Math.round(lateMs / 1_000)} s after the assignment`;
    pass.cancel(attempt, reason);
    pass.verdict(attempt.task, attempt.number, false, DEADLINE_GATE, reason);
  }
}

/** Attempts that their agents do not take, whatever is said to them: nothing is gained by waiting for their deadlines. */
export function decideDeclined(pass: Pass): void {
  for (const { task, attempt: number, reason } of pass.seen.declined.values()) {
    const attempt = attemptAt(pass.state.tasks.get(task), number);
    if (attempt === undefined || !isOpen(attempt) || attempt.result !== undefined) continue;
    const why = `${attempt.agent} does not take it: ${reason}`;
    pass.cancel(attempt, why);
    pass.verdict(task, number, false, DECLINED_GATE, why);
  }
}

/** Has the journal show a time after the next deadline, once that has passed for some while by our clock. */
function askForTime(pass: Pass): void {
  const { deadlines } = pass.state;
  let next = deadlines.peek();
  for (; next !== undefined && (!isOpen(next) || next.result !== undefined); next = deadlines.peek()) deadlines.pop();
  if (next !== undefined && next.deadlineMs + pass.limits.deadlineGraceMs <= pass.nowMs) pass.askForTime();
}

/** Assignments that had no effect: their agents are told, so that they do not work for nothing. */
export function decideRefused(pass: Pass): void {
  for (const { task, attempt, agent, inbox, reason } of pass.state.refused.values()) {
    const why = `no effect: ${reason}`;
    pass.ask({ kind: 'cancel', key: cancelKey(inbox, task, attempt), task, attempt, agent, inbox, reason: why });
  }
}

/** Attempts whose task was decided without them: cancelled and rejected, unpaid. */
export function decideSurplus(pass: Pass): void {
  for (const attempt of pass.state.surplus) {
    const status = pass.state.tasks.get(attempt.task)?.status;
    const reason =
      status === 'complete' || status === 'paid' ? 'another attempt was accepted' : `the task is ${status}`;
    pass.cancel(attempt, reason);
    pass.verdict(attempt.task, attempt.number, false, 'superseded', reason);
  }
}

/** Tasks a person no longer wants. */
export function decideCancellations(pass: Pass): void {
  for (const [id, reason] of pass.state.cancelled) {
    const task = pass.state.tasks.get(id);
    if (task !== undefined) giveUp(pass, task, reason);
  }
}

/** A run a person no longer wants: what is under way ends, what was accepted is still paid. */
export function decideRunCancellation(pass: Pass): void {
  const reason = pass.state.cancelReason ?? '';
  const open = new Set<string>();
  for (const agent of pass.state.agents.values()) for (const attempt of agent.open) open.add(attempt.task);
  for (const id of open) {
    const task = pass.state.tasks.get(id);
    if (task !== undefined) giveUp(pass, task, reason);
  }
}

/**
 * Rejects what is under way for a task. What was delivered is a gatekeeper's to judge; where it waits for members of a
 * quorum that will not be assigned any more, the next of them is given up instead, and the task with it.
 */
function giveUp(pass: Pass, task: TaskState, reason: string): void {
  const { id } = task.spec;
  const open = task.attempts.filter(isOpen);
  for (const attempt of open) {
    pass.cancel(attempt, reason);
    pass.verdict(id, attempt.number, false, 'cancelled', reason);
  }
  if (isTerminal(task.status) || open.some(({ number }) => pass.mayGiveUp(id, number, 'cancelled'))) return;
  pass.verdict(id, nextNumber(task), false, 'cancelled', reason);
}
