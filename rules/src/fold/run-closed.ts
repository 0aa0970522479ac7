import type { Apply } from './outcome.js';

/** Nothing more will happen in the run. */
export const applyRunClosed: Apply<'run_closed'> = (state, record, { at }, emit) => {
  if (!state.opened || state.closed !== undefined) return 'run closed twice or never opened';
  state.closed = record.outcome;
  state.closedAt = at;
  emit({ event: 'run_closed', outcome: record.outcome });
  return undefined;
};
