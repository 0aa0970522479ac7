import { type Attempt, isOpen } from '../run/attempt.js';
import { attemptAt } from '../run/attempt-numbers.js';
import { workersReviewedBy } from '../run/review-id.js';
import { membersOf, type TaskState } from '../run/task-state.js';
import { assignOne } from './assignments.js';
import type { Pass } from './pass.js';

/** Gives the attempts of agents that are gone to others. The old attempt stays open: whichever result comes first counts. */
export function decideReassignments(pass: Pass): void {
  for (const agent of pass.state.agents.values()) {
    if (agent.open.size === 0) continue;
    const { health } = pass.judgement(agent);
    if (health === 'alive' || health === 'suspect') continue;
    for (const key of agent.open) reassign(pass, key);
  }
}

function reassign(pass: Pass, key: string): void {
  const mark = key.lastIndexOf('#');
  const task = pass.state.tasks.get(key.slice(0, mark));
  const attempt = attemptAt(task, Number(key.slice(mark + 1)));
  if (task === undefined || attempt === undefined || !mayMove(pass, task, attempt)) return;
  const number = task.attempts.length + 1;
  if (pass.busy(`assign:${task.spec.id}#${number}`)) return;
  const { type, agent } = task.spec;
  const not = new Set([attempt.agent, ...workersReviewedBy(pass.state, task)]);
  assignOne(pass, task, number, { type, agent, not });
}

/** Only the newest attempt of a task moves, not that of a quorum, and not for ever. */
function mayMove(pass: Pass, task: TaskState, attempt: Attempt): boolean {
  if (!isOpen(attempt) || attempt.result !== undefined || attempt.number !== task.attempts.length) return false;
  const moved = task.attempts.filter((other) => other.superseded).length;
  return membersOf(task.spec) === 1 && moved < pass.limits.reassignments;
}
