import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { AgentState } from '../run/agent-state.js';
import type { Pass } from './pass.js';

/** Who could take a piece of work. */
export interface Wanted {
  readonly type: string;
  /** Only this one. */
  readonly agent: AccountId | undefined;
  readonly not: ReadonlySet<AccountId>;
}

const fits = (agent: AgentState, wanted: Wanted): boolean =>
  agent.capabilities.has(wanted.type) &&
  (wanted.agent === undefined || wanted.agent === agent.account) &&
  !wanted.not.has(agent.account);

/**
 * The agent that gets a piece of work: alive, capable, with a free slot; of several the one with the smallest share of
 * its slots in use, then the one that got the least so far, then the one that was online first.
 */
export function pickAgent(pass: Pass, wanted: Wanted): AgentState | undefined {
  let best: AgentState | undefined;
  for (const agent of pass.state.agents.values()) {
    if (!fits(agent, wanted) || !pass.hasRoom(agent) || pass.judgement(agent).health !== 'alive') continue;
    if (best === undefined || isFairer(pass, agent, best)) best = agent;
  }
  return best;
}

function isFairer(pass: Pass, agent: AgentState, than: AgentState): boolean {
  const [share, other] = [pass.load(agent) * than.slots, pass.load(than) * agent.slots];
  return share === other ? agent.assigned < than.assigned : share < other;
}

/** When some agent that could do the work was last alive, or `sinceMs` when none was after that. */
export function lastServableMs(pass: Pass, wanted: Wanted, sinceMs: number): number {
  let last = sinceMs;
  for (const agent of pass.state.agents.values()) {
    if (!fits(agent, wanted)) continue;
    const { health, aliveMs } = pass.judgement(agent);
    last = Math.max(last, health === 'alive' ? pass.nowMs : aliveMs);
  }
  return last;
}

/** Whether agents that could do the work are alive, but none of them has room. */
export function isExhausted(pass: Pass, wanted: Wanted): boolean {
  let alive = false;
  for (const agent of pass.state.agents.values()) {
    if (!fits(agent, wanted) || pass.judgement(agent).health !== 'alive') continue;
    if (pass.hasRoom(agent)) return false;
    alive = true;
  }
  return alive;
}
