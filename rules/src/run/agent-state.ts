import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Attempt } from './attempt.js';

/** What the ledger last said about an agent's life. */
export type AgentLife = 'online' | 'offline' | 'lapsed';

/** An agent as its own records, and the ledger's, tell it. */
export interface AgentState {
  readonly account: AccountId;
  life: AgentLife;
  /** Start of the daemon that is or was online. */
  session: string;
  inbox: TopicId;
  /** host:port of the gRPC server. */
  address: string;
  /** Undefined on an insecure loopback. */
  certSha256: Sha256 | undefined;
  capabilities: ReadonlySet<string>;
  slots: number;
  /** Why it is offline or lapsed. */
  reason: string | undefined;
  /** When `life` last changed, or `online` was repeated. */
  since: Nanos;
  /** Its attempts that nothing was decided about. */
  readonly open: Set<Attempt>;
  /**
   * How many of them take up its slots: all but those it has delivered. What is delivered may wait for other agents, as a
   * member of a quorum or for a review, and these in turn for a slot of this one.
   */
  busy: number;
  /** Attempts taken from it because it was lost, since it last delivered something that was accepted. */
  losses: number;
  /** When the last of them was given to another, milliseconds since the Unix epoch. */
  lastLossMs: number;
  /** Attempts in a row that it failed, let pass or delivered in vain, since something of its was accepted. */
  failures: number;
  /** When the last of them was rejected, milliseconds since the Unix epoch. */
  lastFailureMs: number;
  /** Counts what the fairness of the assignment goes by. */
  assigned: number;
}
