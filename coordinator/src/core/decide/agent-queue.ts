import type { AgentState } from '@gatepost/rules/run/agent-state';
import { Heap } from '@gatepost/rules/run/heap';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** What is known of loads while decisions are made; they only grow. */
export interface Loads {
  load(agent: AgentState): number;
  hasRoom(agent: AgentState): boolean;
}

/** An agent with the load it had when it was put into the queue. */
interface Candidate {
  readonly agent: AgentState;
  readonly load: number;
}

/** The smallest share of slots in use first, then who got the least so far, then who came first. */
const fairest = (a: Candidate, b: Candidate): number =>
  a.load * b.agent.slots - b.load * a.agent.slots || a.agent.assigned - b.agent.assigned;

/**
 * Agents that can take work of one type, the fairest choice first. An agent whose load has grown since it was put in is
 * put in again when its turn comes, so that a choice costs the logarithm of the agents and not all of them.
 */
export class AgentQueue {
  readonly #heap = new Heap<Candidate>(fairest);

  constructor(
    agents: Iterable<AgentState>,
    private readonly loads: Loads,
  ) {
    for (const agent of agents) this.#add(agent);
  }

  #add(agent: AgentState): void {
    if (this.loads.hasRoom(agent)) this.#heap.add({ agent, load: this.loads.load(agent) });
  }

  /** The fairest agent that has room and is not excluded; it stays in the queue. */
  pick(not: ReadonlySet<AccountId>): AgentState | undefined {
    const excluded: AgentState[] = [];
    let found: AgentState | undefined;
    while (found === undefined) {
      const next = this.#heap.pop();
      if (next === undefined) break;
      if (next.load !== this.loads.load(next.agent)) this.#add(next.agent);
      else if (not.has(next.agent.account)) excluded.push(next.agent);
      else found = next.agent;
    }
    for (const agent of excluded) this.#add(agent);
    if (found !== undefined) this.#add(found);
    return found;
  }
}
