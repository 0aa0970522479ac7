import type { Apply } from './outcome.js';

/** The newest process of the coordinator that has begun; older ones have to stop. */
export const applyEpoch: Apply<'epoch'> = (state, record, entry, emit) => {
  const current = state.epoch;
  if (current !== undefined && record.epoch < current.epoch) return 'epoch of the past';
  const { epoch, instance, host, pid } = record;
  const same = current?.instance === instance && current.epoch === epoch;
  if (current !== undefined && record.epoch === current.epoch && !same) return 'epoch taken by another';
  const at = same ? current.at : entry.at;
  state.epoch = { epoch, instance, host, pid, at, ended: record.state === 'ended' };
  // One that ended in good order had nothing under way any more.
  if (!same && current?.ended === false) state.takenOverAt = entry.at;
  if (!same) emit({ event: 'epoch', instance });
  return undefined;
};
