import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Attempt } from '@gatepost/rules/run/attempt';
import { formatDurationMs, formatTime } from '@gatepost/shared/vocabulary/time';
import type { Awaited } from '../awaited.js';
import { able } from './agents.js';
import type { Pass } from './pass.js';
import type { Wanted } from './wanted.js';

/** Agents that are named one by one. */
const NAMED = 3;

/** Why an agent gets no work; undefined for one that is merely busy or may get some at any moment. */
function whyNot(pass: Pass, agent: AgentState): string | undefined {
  const { health, why } = pass.judgement(agent);
  if (health !== 'alive') return `${agent.account} is ${health} (${why})`;
  const restMs = pass.restsUntilMs(agent) - pass.nowMs;
  return restMs > 0
    ? `${agent.account} was lost with work and rests for another ${formatDurationMs(restMs)}`
    : undefined;
}

/** Why nobody can do the work; undefined when somebody can who is only busy now. */
function whyNobody(pass: Pass, wanted: Wanted): string | undefined {
  const reasons: string[] = [];
  for (const agent of able(pass, wanted)) {
    const reason = whyNot(pass, agent);
    if (reason === undefined) return undefined;
    reasons.push(reason);
  }
  if (reasons.length > NAMED) return `${reasons.slice(0, NAMED).join(', ')} and ${reasons.length - NAMED} more`;
  if (reasons.length > 0) return reasons.join(', ');
  return wanted.not.size > 0 ? `besides ${[...wanted.not].join(', ')} nobody offers it` : 'nobody offers it';
}

/** What may still become of an attempt whose agent is gone. */
function chance(pass: Pass, { agent: account, deadlineMs }: Attempt): string {
  const agent = pass.state.agents.get(account);
  const gone = (agent && whyNot(pass, agent)) ?? `${account} is gone`;
  return `${gone} and has it until ${formatTime(deadlineMs)}`;
}

/** Words on each kind of work that nobody could be found for, with one of its tasks. */
export function describeUnserved(pass: Pass): readonly Awaited[] {
  const told = new Map<string, Awaited>();
  for (const { task, wanted, held } of pass.unserved) {
    const whom = wanted.agent === undefined ? `an agent that offers ${wanted.type}` : `agent ${wanted.agent}`;
    if (told.has(whom)) continue;
    const why = whyNobody(pass, wanted);
    if (why === undefined) continue;
    const end =
      held === undefined
        ? `it fails when nobody came for ${formatDurationMs(pass.limits.agentWaitMs)}`
        : chance(pass, held);
    told.set(whom, { kind: 'agent', whom, what: `for task ${task}: ${why}; start one that can do it: ${end}` });
  }
  return [...told.values()];
}
