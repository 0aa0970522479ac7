import type { Apply } from './outcome.js';

/** A process of the gatekeeper begins; it takes over from any other. */
export const applyGatekeeperOnline: Apply<'gatekeeper_online'> = (state, record, { at }, emit) => {
  const { session, address, cert_sha256: certSha256 } = record;
  state.gatekeeper = { life: 'online', session, address, certSha256, reason: undefined, since: at };
  emit({ event: 'gatekeeper', life: 'online' });
  return undefined;
};

/** The gatekeeper has stopped in good order. */
export const applyGatekeeperOffline: Apply<'gatekeeper_offline'> = (state, record, { at }, emit) => {
  const before = state.gatekeeper;
  if (before === undefined || before.session !== record.session) return 'end of a session that is not the current one';
  state.gatekeeper = { ...before, life: 'offline', reason: record.reason, since: at };
  emit({ event: 'gatekeeper', life: 'offline' });
  return undefined;
};
