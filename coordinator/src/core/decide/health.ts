import type { AgentState } from '@gatepost/rules/run/agent-state';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import type { Limits } from './limits.js';

/** What this process saw of an agent's gRPC session. */
export interface SessionObservation {
  readonly connected: boolean;
  /** When the last heartbeat or other message came; undefined when none ever did. Milliseconds since the Unix epoch. */
  readonly lastHeardMs: number | undefined;
  /** When this process began to look for the agent, or was itself away last. */
  readonly watchingSinceMs: number;
  /** The agent's own interval of heartbeats. */
  readonly heartbeatMs: number;
  /** Largest input the agent takes, bytes; undefined until it has said so. */
  readonly maxInputBytes?: number;
  /** Why there is no session. */
  readonly trouble: string | undefined;
  /** What the agent's last heartbeat said of its load. How it is told of work depends on it, nothing that the ledger shows. */
  readonly load?: { readonly running: number; readonly queued: number };
}

/** `alive`: may get work. `suspect`: out of touch, nothing is taken from it yet. The others have lost their work. */
export type Health = 'alive' | 'suspect' | 'lost' | 'lapsed' | 'offline';

export interface Judgement {
  readonly health: Health;
  readonly why: string;
  /** When it was last known to be alive, as far as this process knows. */
  readonly aliveMs: number;
}

/** Heartbeats that may be missed. */
const MISSED_BEATS = 2;

/**
 * Judges an agent by what the ledger and its session say. That nothing was heard only counts for the time this process
 * was itself listening; a message of the session or an `online` record makes good what came before. What the ledger says
 * of an agent's end counts from then on, also while it still answers.
 */
export function judge(
  agent: AgentState,
  session: SessionObservation | undefined,
  nowMs: number,
  limits: Pick<Limits, 'lossGraceMs'>,
): Judgement {
  if (agent.life !== 'online') {
    const why = agent.reason ?? `the ledger says ${agent.life}`;
    return { health: agent.life, why, aliveMs: msFromNanos(agent.since) };
  }
  const since = session?.watchingSinceMs ?? nowMs;
  const aliveMs = Math.max(session?.lastHeardMs ?? 0, since);
  if (session === undefined) return { health: 'suspect', why: 'no session yet', aliveMs };
  const silentMs = nowMs - aliveMs;
  const allowedMs = MISSED_BEATS * session.heartbeatMs;
  if (session.connected && silentMs <= allowedMs) return { health: 'alive', why: 'its session answers', aliveMs };
  const why = session.connected ? `silent for ${silentMs} ms` : (session.trouble ?? 'no session yet');
  return { health: silentMs > allowedMs + limits.lossGraceMs ? 'lost' : 'suspect', why, aliveMs };
}
