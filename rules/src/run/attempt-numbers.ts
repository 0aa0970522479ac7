import type { Attempt } from './attempt.js';
import { membersOf, type TaskState } from './task-state.js';
import { LOST_GATE } from './verdict-gates.js';

/** The attempt of a task that bears a number. It is its position but for quorums, whose members may come in any order. */
export function attemptAt(task: TaskState | undefined, number: number): Attempt | undefined {
  const there = task?.attempts[number - 1];
  return there?.number === number ? there : task?.attempts.find((attempt) => attempt.number === number);
}

/** Members of a quorum that others have replaced or will replace. */
export const lostMembers = (task: TaskState): Attempt[] =>
  membersOf(task.spec) === 1 ? [] : task.attempts.filter(({ verdict }) => verdict?.gate === LOST_GATE);

/**
 * Numbers an assignment may bear now, lowest first: the next one, or those of the quorum's round that no member has yet,
 * one more for each that was lost. Members are asked on different topics, so nothing keeps their assignments in the
 * order in which they were sent.
 */
export function freeNumbers(task: TaskState): number[] {
  const members = membersOf(task.spec);
  if (members === 1) return [task.attempts.length + 1];
  const round = task.failures + 1;
  const lost = lostMembers(task);
  const lostBefore = lost.filter((attempt) => attempt.round < round).length;
  const first = task.failures * members + lostBefore + 1;
  const used = new Set(membersInRound(task).map(({ number }) => number));
  const seats = members + lost.length - lostBefore;
  return Array.from({ length: seats }, (_, index) => first + index).filter((number) => !used.has(number));
}

/** The number the next assignment bears; beyond all others when the round wants no more. */
export const nextNumber = (task: TaskState): number => freeNumbers(task)[0] ?? task.attempts.length + 1;

/** Attempts of the current round. */
export const membersInRound = (task: TaskState): Attempt[] =>
  task.attempts.filter(({ round }) => round === task.failures + 1);
