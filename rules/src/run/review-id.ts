import { REVIEW_MARK } from '@gatepost/shared/records/task-names';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Gate, PlanTask } from '../plan/plan.js';
import { attemptAt } from './attempt-numbers.js';
import type { RunState } from './run-state.js';
import { newTask } from './run-state.js';
import type { TaskState } from './task-state.js';

/** A review that cannot be had after so many attempts rejects. */
export const REVIEW_ATTEMPTS = 2;

/** Id under which the review of an attempt is assigned, judged and paid. */
export const reviewId = (task: string, attempt: number): string => `${attempt}${REVIEW_MARK}${task}`;

/** What a review is of; undefined for any id that is not exactly that of a review. */
export function reviewedAttempt(id: string): { readonly task: string; readonly attempt: number } | undefined {
  const mark = id.indexOf(REVIEW_MARK);
  if (mark < 0) return undefined;
  const [attempt, task] = [Number(id.slice(0, mark)), id.slice(mark + 1)];
  // One attempt is not reviewed, and paid for, under several names such as 1~a and 01~a.
  return Number.isInteger(attempt) && reviewId(task, attempt) === id ? { task, attempt } : undefined;
}

export type AgentGate = Extract<Gate, { kind: 'agent' }>;

export const agentGateOf = (spec: PlanTask): AgentGate | undefined =>
  spec.gates.find((gate): gate is AgentGate => gate.kind === 'agent');

/** The task an id stands for, made now if it is a review of an existing attempt; undefined for an unknown id. */
export function findOrReview(state: RunState, id: string): TaskState | undefined {
  const known = state.tasks.get(id);
  if (known !== undefined) return known;
  const reviews = reviewedAttempt(id);
  if (reviews === undefined) return undefined;
  const reviewed = state.tasks.get(reviews.task);
  const gate = reviewed === undefined ? undefined : agentGateOf(reviewed.spec);
  if (reviewed === undefined || gate === undefined || attemptAt(reviewed, reviews.attempt)?.result?.ok !== true)
    return undefined;
  return newTask(
    {
      ...reviewed.spec,
      id,
      sequence: '',
      type: gate.type,
      agent: undefined,
      dependsOn: [],
      price: gate.price,
      deadlineMs: gate.deadlineMs,
      attempts: REVIEW_ATTEMPTS,
      retry: 'any',
      guard: false,
      gates: [],
      saveAs: undefined,
    },
    0,
    reviews,
  );
}

/** Agents that worked on what a task reviews, and so must not review it; nobody for a task of the plan. */
export function workersReviewedBy(state: RunState, { reviews }: TaskState): ReadonlySet<AccountId> {
  const reviewed = reviews === undefined ? undefined : state.tasks.get(reviews.task);
  return new Set(reviewed?.attempts.map(({ agent }) => agent));
}

/** Agents that reviewed an attempt of a task, and so must not work on it: they know what was delivered, or rejected it. */
export function reviewersOf(state: RunState, { spec, attempts }: TaskState): ReadonlySet<AccountId> {
  if (agentGateOf(spec) === undefined) return new Set();
  const reviews = attempts.flatMap(({ number }) => state.tasks.get(reviewId(spec.id, number))?.attempts ?? []);
  return new Set(reviews.map(({ agent }) => agent));
}

/** Takes a review into the state, once something was written about it. */
export function adopt(state: RunState, task: TaskState): void {
  if (state.tasks.has(task.spec.id)) return;
  state.tasks.add(task);
  state.unfinished += 1;
}
