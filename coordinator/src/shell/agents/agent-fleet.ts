import type { DispatchedWork } from '@gatepost/party/agents/session';
import type { AttemptRef } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { SessionObservation } from '../../core/decide/health.js';

/** What is needed of the way to one agent. */
export interface Link {
  /** Whether the agent need not be told of an attempt: it was in this session, or there is none. */
  isTold(ref: AttemptRef): boolean;
  dispatch(work: DispatchedWork): Promise<void>;
  forget(ref: AttemptRef): void;
  cancel(ref: AttemptRef, reason: string): void;
  /** @param declared bytes of the output, as its `result` record says. */
  fetch(sha256: Sha256, declared: number): Promise<Buffer>;
}

/** The ways to the agents, as a run uses them. */
export interface RunFleet {
  link(agent: AccountId): Link | undefined;
  observations(): ReadonlyMap<AccountId, SessionObservation>;
}

/** The ways to the agents, for all runs of a process. */
export interface AgentFleet extends RunFleet {
  /** Opens, moves and closes links as the ledger says. */
  follow(agents: Iterable<AgentState>): void;
  /** This process was away itself: what was not heard meanwhile does not count. */
  forgiveSilence(nowMs: number): void;
  close(): void;
}
