import { agentGateOf, reviewId } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import { awaitsPerson, isAccepted, type TaskState } from '@gatepost/rules/run/task-state';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';

/** Dependencies named at most. */
const MAX_NAMED = 10;

/** Why a task stands where it stands, in sentences; the most telling last. */
export function explain(state: RunState, task: TaskState, linked: Linked): string[] {
  return [...history(task, linked), ...standing(state, task)];
}

function history(task: TaskState, linked: Linked): string[] {
  return task.attempts.map(({ number, agent, result, verdict, payment, superseded }) => {
    const parts = [`attempt ${number} by ${agent}:`];
    if (result === undefined) parts.push(verdict === undefined ? 'no result yet' : 'no result');
    else
      parts.push(result.ok ? `result of ${result.outputSize} bytes` : `failed (${result.reason ?? 'no reason given'})`);
    if (superseded) parts.push('· another attempt was made because the agent was lost');
    if (verdict !== undefined)
      parts.push(`· ${verdict.accepted ? 'accepted' : 'rejected'} by ${verdict.gate}: ${verdict.reason}`);
    if (payment !== undefined) {
      const { amount, transfer } = payment;
      parts.push(
        `· paid ${amount} by ${transfer === undefined ? 'an unnamed transfer' : linked('transaction', transfer)}`,
      );
    }
    return parts.join(' ');
  });
}

/** Why a task stands where it stands now, without what happened to its attempts. */
export function standing(state: RunState, task: TaskState): string[] {
  const { status, reason } = task;
  switch (status) {
    case 'failed':
    case 'blocked':
    case 'cancelled':
      return [`${status}: ${reason ?? 'no reason was recorded'}`];
    case 'paid':
      return ['complete and paid'];
    case 'complete':
      return task.spec.price === 0n ? ['complete; the plan pays nothing for it'] : ['accepted, waits for settlement'];
    case 'assigned':
    case 'in_progress':
      return [`an agent ${status === 'assigned' ? 'has been asked' : 'works on it'}`];
    case 'review':
      return inReview(state, task);
    case 'pending':
      return waiting(state, task);
  }
}

function inReview(state: RunState, task: TaskState): string[] {
  const attempt = task.attempts.find(({ verdict, result }) => verdict === undefined && result !== undefined);
  if (attempt === undefined) return ['its gates look at it'];
  const open: string[] = [];
  if (awaitsPerson(task, attempt)) {
    open.push(
      `waits for a person: coordinator approve ${task.spec.id}, or coordinator reject ${task.spec.id} --reason ...`,
    );
  }
  if (agentGateOf(task.spec) !== undefined) {
    const review = state.tasks.get(reviewId(task.spec.id, attempt.number));
    open.push(`needs a review by another agent (${review?.status ?? 'not asked for yet'})`);
  }
  return open.length > 0 ? open : ['its gates look at it'];
}

function waiting(state: RunState, task: TaskState): string[] {
  if (!state.opened) return ['the run is not open'];
  const tasks = task.spec.dependsOn.filter((id) => !isAccepted(state.tasks.get(id)?.status ?? 'pending'));
  const sequence = state.sequences.get(task.spec.sequence);
  const lines = tasks.length === 0 ? [] : [`waits for ${tasks.slice(0, MAX_NAMED).join(', ')}`];
  if ((sequence?.waiting ?? 0) > 0) {
    const earlier = state.context.plan.sequences.find(({ id }) => id === sequence?.id)?.after ?? [];
    lines.push(`waits for the sequence ${earlier.join(', ')}`);
  }
  if (lines.length > 0) return lines;
  const able = [...state.agents.values()].filter(
    (agent) => agent.capabilities.has(task.spec.type) && (task.spec.agent ?? agent.account) === agent.account,
  );
  const online = able.filter(({ life }) => life === 'online').map(({ account }) => account);
  if (able.length === 0) return [`ready, but no agent on the allow-list offers ${task.spec.type}`];
  if (online.length === 0) return [`ready, but no agent that offers ${task.spec.type} is online`];
  return [`ready; waits for a free slot of ${online.join(', ')}`];
}

/** How many tasks stand where. */
export function countByStatus(state: RunState): Map<string, number> {
  const counts = new Map<string, number>();
  for (const status of state.tasks.statuses()) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}
