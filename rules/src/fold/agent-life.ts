import { topicId } from '@gatepost/shared/vocabulary/ids';
import type { AgentState } from '../run/agent-state.js';
import type { Apply } from './outcome.js';

/**
 * An agent serves, under this address, certificate and inbox. An inbox belongs to the account that created it; whoever
 * else announces it announces nothing.
 */
export const applyOnline: Apply<'online'> = (state, record, entry, emit) => {
  if (entry.ofOwnInbox !== true) return 'announcement of an inbox that its author had not created';
  const inbox = topicId(record.inbox);
  state.inboxes.set(inbox, entry.author);
  const before = state.agents.get(entry.author);
  const agent: AgentState = {
    account: entry.author,
    life: 'online',
    session: record.session,
    inbox,
    address: record.address,
    certSha256: record.cert_sha256,
    capabilities: new Set(record.capabilities),
    slots: record.slots,
    reason: undefined,
    since: entry.at,
    open: before?.open ?? new Set(),
    busy: before?.busy ?? 0,
    losses: before?.losses ?? 0,
    lastLossMs: before?.lastLossMs ?? 0,
    failures: before?.failures ?? 0,
    lastFailureMs: before?.lastFailureMs ?? 0,
    assigned: before?.assigned ?? 0,
  };
  state.agents.set(entry.author, agent);
  emit({ event: 'agent', agent: entry.author, life: 'online' });
  return undefined;
};

/** An agent has stopped in good order. */
export const applyOffline: Apply<'offline'> = (state, record, entry, emit) => {
  const agent = state.agents.get(entry.author);
  if (agent === undefined || agent.session !== record.session) return 'end of a session that is not the current one';
  agent.life = 'offline';
  agent.reason = record.reason;
  agent.since = entry.at;
  emit({ event: 'agent', agent: entry.author, life: 'offline' });
  return undefined;
};

/**
 * The ledger says that an agent's lease was not renewed: the network posted it, by the agent's own schedule. The same
 * session may come back with a new lease.
 */
export const applyLapsed: Apply<'lapsed'> = (state, record, entry, emit) => {
  if (entry.ofOwnSchedule !== true) return "lapse that no schedule of the agent's own posted";
  const agent = state.agents.get(entry.author);
  if (agent === undefined || agent.session !== record.session) return 'lapse of a session that is not the current one';
  agent.life = 'lapsed';
  agent.reason = `lease ${record.lease} was not renewed`;
  agent.since = entry.at;
  emit({ event: 'agent', agent: entry.author, life: 'lapsed' });
  return undefined;
};
