import { type Attempt, isOpen } from '@gatepost/rules/run/attempt';
import { freeNumbers, lostMembers } from '@gatepost/rules/run/attempt-numbers';
import { reviewersOf, workersReviewedBy } from '@gatepost/rules/run/review-id';
import { isTerminal, membersOf, type TaskState } from '@gatepost/rules/run/task-state';
import { LOST_GATE } from '@gatepost/rules/run/verdict-gates';
import { assignKey } from '../effects/effect-key.js';
import { pickAgent } from './agents.js';
import { agentsInRound, assignOne } from './assignments.js';
import type { Pass } from './pass.js';

/** A lost member of a quorum is decided, so that no more than were asked for have a say. */
export function decideLostMembers(pass: Pass): void {
  for (const { task, attempt, why } of lostAttempts(pass)) {
    if (membersOf(task.spec) > 1) replaceMember(pass, task, attempt, why);
  }
}

/**
 * Gives the attempts of agents that are gone to others, one each time that it is asked to go on. The old attempt of a task
 * stays open: whichever result comes first counts.
 */
export function* reassignLost(pass: Pass): Generator<void> {
  for (const { task, attempt } of lostAttempts(pass)) {
    if (membersOf(task.spec) === 1 && reassign(pass, task, attempt)) yield;
  }
}

/** What agents that are gone have not delivered. */
function* lostAttempts(
  pass: Pass,
): Generator<{ readonly task: TaskState; readonly attempt: Attempt; readonly why: string }> {
  for (const agent of pass.state.agents.values()) {
    if (agent.open.size === 0) continue;
    const { health, why } = pass.judgement(agent);
    if (health === 'alive' || health === 'suspect') continue;
    for (const attempt of agent.open) {
      const task = pass.state.tasks.get(attempt.task);
      if (task !== undefined && isOpen(attempt) && attempt.result === undefined) yield { task, attempt, why };
    }
  }
}

/** Only the newest attempt of a task moves, and not for ever; says whether it did. */
function reassign(pass: Pass, task: TaskState, attempt: Attempt): boolean {
  const moved = task.attempts.filter((other) => other.superseded).length;
  if (attempt.number !== task.attempts.length || moved >= pass.limits.reassignments) return false;
  const number = task.attempts.length + 1;
  if (pass.busy(assignKey(task.spec.id, number))) return false;
  const { type, agent } = task.spec;
  const { state } = pass;
  const not = new Set([attempt.agent, ...workersReviewedBy(state, task), ...reviewersOf(state, task)]);
  return assignOne(pass, task, number, { type, agent, not }) !== undefined;
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
