import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Pass } from './pass.js';
import type { Wanted } from './wanted.js';

/** The agent that gets a piece of work: alive, capable, with a free slot, and of several the fairest choice. */
export function pickAgent(pass: Pass, { type, agent: only, not }: Wanted): AgentState | undefined {
  if (only === undefined) return pass.queue(type).pick(not);
  const agent = pass.state.agents.get(only);
  const fits = agent?.capabilities.has(type) === true && !not.has(agent.account) && pass.mayWork(agent);
  return fits ? agent : undefined;
}

/** Agents that could do the work, whether they are there or not. */
export function* able(pass: Pass, { type, agent: only, not }: Wanted): Generator<AgentState> {
  const { agents } = pass.state;
  const named = only === undefined ? undefined : agents.get(only);
  const among = only === undefined ? agents.values() : named === undefined ? [] : [named];
  for (const agent of among) if (agent.capabilities.has(type) && !not.has(agent.account)) yield agent;
}

/** When some agent that could do the work was last alive, or `sinceMs` when none was after that. */
export function lastServableMs(pass: Pass, wanted: Wanted, sinceMs: number): number {
  let last = sinceMs;
  for (const agent of able(pass, wanted)) {
    const { health, aliveMs } = pass.judgement(agent);
    last = Math.max(last, health === 'alive' ? pass.nowMs : aliveMs);
  }
  return last;
}

/** Whether agents that could do the work are alive, but none of them has room. */
export function isExhausted(pass: Pass, wanted: Wanted): boolean {
  let alive = false;
  for (const agent of able(pass, wanted)) {
    if (pass.judgement(agent).health !== 'alive') continue;
    if (pass.hasRoom(agent)) return false;
    alive = true;
  }
  return alive;
}
