import type { Gate, PlanTask } from '../plan/plan.js';
import type { Attempt } from './attempt.js';

/** Where a task stands. `rejected` is no resting place: it leads to `pending` or `failed`. */
export const TASK_STATUSES = [
  'pending',
  'assigned',
  'in_progress',
  'review',
  'complete',
  'paid',
  'failed',
  'blocked',
  'cancelled',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** One task of a run. */
export interface TaskState {
  readonly spec: PlanTask;
  /** The attempt this task reviews; undefined for a task of the plan. */
  readonly reviews: { readonly task: string; readonly attempt: number } | undefined;
  status: TaskStatus;
  /** Dependencies not yet accepted, and one more while its sequence is closed. */
  waiting: number;
  /** Assignments it still wants in this round. */
  need: number;
  /** Rounds that ended in a rejection. */
  failures: number;
  /** In the order of their assignment; see `attemptAt` for their numbers. */
  readonly attempts: Attempt[];
  /** Last reason of a rejection, of failing or of being blocked. */
  reason: string | undefined;
  /** A person's word on an attempt. */
  directive: { readonly attempt: number | undefined; readonly approve: boolean; readonly reason: string } | undefined;
}

export type QuorumGate = Extract<Gate, { kind: 'quorum' }>;

/** The task's quorum, if it has one. */
export const quorumOf = (spec: PlanTask): QuorumGate | undefined =>
  spec.gates.find((gate): gate is QuorumGate => gate.kind === 'quorum');

export const hasHumanGate = (spec: PlanTask): boolean => spec.gates.some(({ kind }) => kind === 'human');

/** Whether a person's word is about this attempt; on a member of a quorum it is about all of the round. */
export const concerns = ({ directive, spec }: TaskState, attempt: Attempt): boolean =>
  directive !== undefined &&
  (directive.attempt === undefined || directive.attempt === attempt.number || membersOf(spec) > 1);

/** Whether a person still has to say something about an attempt. */
export const awaitsPerson = (task: TaskState, attempt: Attempt): boolean =>
  hasHumanGate(task.spec) && !concerns(task, attempt);

/** Agents that work on it in one round. */
export const membersOf = (spec: PlanTask): number => quorumOf(spec)?.of ?? 1;

/** Nothing more will happen to it, but perhaps payment. */
export const isTerminal = (status: TaskStatus): boolean =>
  status === 'complete' || status === 'paid' || status === 'failed' || status === 'blocked' || status === 'cancelled';

export const isAccepted = (status: TaskStatus): boolean => status === 'complete' || status === 'paid';
