import type { Apply } from './outcome.js';

/** Nothing more will happen in the run. */
export const applyRunClosed: Apply<'run_closed'> = (state, record, { at }, emit) => {
  if (!state.opened || state.closed !== undefined) return 'run closed twice or never opened';
  // Beside a gatekeeper a coordinator cannot close itself off from what is delivered or owed.
  const isOver = state.openAttempts === 0 && state.payable.size === 0 && state.disputed.size === 0;
  if (state.context.gatekeeper !== undefined && !isOver) return 'run closed before it was over';
  state.closed = record.outcome;
  state.closedAt = at;
  emit({ event: 'run_closed', outcome: record.outcome });
  return undefined;
};
