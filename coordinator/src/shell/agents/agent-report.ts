import { pinnedCredentials } from '@gatepost/party/agents/certificate';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { RunState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { LEASE_MEMO } from '@gatepost/shared/vocabulary/lease';
import { formatTime, msFromNanos, type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import { readSightings } from './sightings.js';

/** One agent as the ledger, the mirror and a look at its address tell it. */
export interface AgentReport {
  readonly agent: string;
  /**
   * alive, suspect, lost, lapsed or offline, as the coordinator that runs on this host judges it; when none does, online,
   * lapsed or offline, as the ledger says. `unknown` for one that never announced itself.
   */
  readonly state: string;
  readonly why: string;
  /** Consensus time of what the ledger says. */
  readonly since: string | undefined;
  /** When the coordinator that runs on this host heard of it last. */
  readonly last_beat: string | undefined;
  /** Attempts that run on it and that wait for a slot there, by its last heartbeat. */
  readonly running: number | undefined;
  readonly queued: number | undefined;
  readonly address: string | undefined;
  readonly reachable: string;
  readonly capabilities: readonly string[];
  readonly slots: number;
  readonly open_attempts: number;
  /** When its newest lease ends, unless it is renewed. */
  readonly lease_expiry: string | undefined;
  /** What its account was charged since it was last online, in tinybar. */
  readonly charged_tinybar: string;
}

const isoTime = (at: Nanos): string => formatTime(msFromNanos(at));

/** Whether the daemon answers at its address with the certificate the ledger names. */
async function reach(agent: AgentState): Promise<string> {
  if (agent.certSha256 === undefined) return 'not tried: it has no certificate';
  try {
    await pinnedCredentials(agent.address, agent.certSha256);
    return 'yes';
  } catch (thrown) {
    return toGatepostError(thrown).message;
  }
}

/** What an agent spent since a time, and when its newest lease ends. */
async function leaseAndCost(mirror: MirrorRest, agent: AgentState) {
  let charged = 0n;
  for await (const entry of mirror.transactionsOf(agent.account, agent.since)) {
    if (entry.transaction_id.split('-')[0] === agent.account) charged += entry.charged_tx_fee;
  }
  // The lease may be older than the work, and than the word that the agent is online.
  const [lease] = (await mirror.schedulesBy(agent.account)).filter(
    ({ memo, deleted, executed_timestamp: executed }) => memo.startsWith(LEASE_MEMO) && !deleted && executed === null,
  );
  return { charged, expiry: lease?.expiration_time ?? undefined };
}

const isoTimeOfMs = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : formatTime(ms));

/** A report on every agent of the allow-list. */
export function reportAgents(mirror: MirrorRest, state: RunState, stateDir: string): Promise<AgentReport[]> {
  const seen = readSightings(stateDir, state.context.run, systemClock.nowMs());
  return Promise.all(
    [...state.context.agents].map(async (account) => {
      const agent = state.agents.get(account);
      if (agent === undefined) return unknown(account);
      const sighting = seen?.agents.find((one) => one.agent === account);
      const [reachable, { charged, expiry }] = await Promise.all([reach(agent), leaseAndCost(mirror, agent)]);
      return {
        agent: account,
        state: sighting?.health ?? agent.life,
        why: sighting?.why ?? agent.reason ?? 'the ledger says so; no coordinator runs on this host',
        since: isoTime(agent.since),
        last_beat: isoTimeOfMs(sighting?.last_beat_ms),
        running: sighting?.running,
        queued: sighting?.queued,
        address: agent.address,
        reachable,
        capabilities: [...agent.capabilities],
        slots: agent.slots,
        open_attempts: agent.open.size,
        lease_expiry: expiry === undefined ? undefined : isoTime(parseNanos(expiry)),
        charged_tinybar: charged.toString(),
      };
    }),
  );
}

const unknown = (agent: string): AgentReport => ({
  agent,
  state: 'unknown',
  why: 'it never announced itself on this journal',
  since: undefined,
  last_beat: undefined,
  running: undefined,
  queued: undefined,
  address: undefined,
  reachable: 'no',
  capabilities: [],
  slots: 0,
  open_attempts: 0,
  lease_expiry: undefined,
  charged_tinybar: '0',
});
