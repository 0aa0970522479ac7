import { type Attempt, isOpen } from '@gatepost/rules/run/attempt';
import { freeNumbers, lostMembers } from '@gatepost/rules/run/attempt-numbers';
import { reviewersOf, workersReviewedBy } from '@gatepost/rules/run/review-id';
import { isTerminal, membersOf, type TaskState } from '@gatepost/rules/run/task-state';
import { LOST_GATE } from '@gatepost/rules/run/verdict-gates';
import { assignKey } from '../effects/effect-key.js';
import { pickAgent } from './agents.js';
import { agentsInRound, assignOne } from './assignments.js';
import type { Pass } from './pass.js';

/**
 * Gives the attempts of agents that are gone to others. The old attempt of a task stays open: whichever result comes first
 * counts. That of a quorum's member is decided, so that no more than were asked for have a say.
 */
export function decideReassignments(pass: Pass): void {
  for (const agent of pass.state.agents.values()) {
    if (agent.open.size === 0) continue;
    const { health, why } = pass.judgement(agent);
    if (health === 'alive' || health === 'suspect') continue;
    for (const attempt of agent.open) {
      const task = pass.state.tasks.get(attempt.task);
      if (task === undefined || !isOpen(attempt) || attempt.result !== undefined) continue;
      if (membersOf(task.spec) > 1) replaceMember(pass, task, attempt, why);
      else reassign(pass, task, attempt);
    }
  }
}

/** Only the newest attempt of a task moves, and not for ever. */
function reassign(pass: Pass, task: TaskState, attempt: Attempt): void {
  const moved = task.attempts.filter((other) => other.superseded).length;
  if (attempt.number !== task.attempts.length || moved >= pass.limits.reassignments) return;
  const number = task.attempts.length + 1;
  if (pass.busy(assignKey(task.spec.id, number))) return;
  const { type, agent } = task.spec;
  const { state } = pass;
  const not = new Set([attempt.agent, ...workersReviewedBy(state, task), ...reviewersOf(state, task)]);
  assignOne(pass, task, number, { type, agent, not });
}

/** One member after the other, when somebody is there to take its seat, and not for ever. */
function replaceMember(pass: Pass, task: TaskState, attempt: Attempt, why: string): void {
  if (isTerminal(task.status) || task.need > 0 || lostMembers(task).length >= pass.limits.reassignments) return;
  const { type, agent } = task.spec;
  const not = agentsInRound(pass, task, freeNumbers(task));
  if (pickAgent(pass, { type, agent, not }) === undefined) return;
  const reason = `its agent was lost: ${why}`;
  pass.cancel(attempt, reason);
  pass.verdict(task.spec.id, attempt.number, false, LOST_GATE, reason);
}
