import type { Apply } from './outcome.js';
import { openSequences } from './transitions.js';

/** The run begins: what waits for nothing is ready. */
export const applyRunOpened: Apply<'run_opened'> = (state, record, entry, emit) => {
  if (state.opened) return 'run opened twice';
  if (record.plan_sha256 !== state.context.plan.digest) return 'run of another plan';
  if (record.token !== state.context.token) return 'run paid in another token';
  const { gatekeeper, escrow, arbiter } = state.context;
  if (record.gatekeeper !== gatekeeper || record.escrow !== escrow) return 'run under another gatekeeper or escrow';
  if (record.arbiter !== arbiter) return 'run under another arbiter';
  state.opened = true;
  state.openedAt = entry.at;
  emit({ event: 'run_opened' });
  openSequences(
    state,
    [...state.sequences.values()].filter((sequence) => sequence.waiting === 0),
  );
  return undefined;
};
