import type { StreamedEvent } from './event-stream.js';

/** What is to be read again. */
export interface Stale {
  /** All runs, instead of those of `runs`. */
  readonly everything: boolean;
  readonly runs: ReadonlySet<string>;
  /** The list of runs that wait to be opened. */
  readonly list: boolean;
}

export const NOTHING: Stale = { everything: false, runs: new Set(), list: false };
export const EVERYTHING: Stale = { everything: true, runs: new Set(), list: true };

/** Events of the service, which the ledger does not have. */
const OF_THE_LIST = new Set(['submitted', 'withdrawn', 'trouble']);
/** Events that change both the list and the report. */
const OF_BOTH = new Set(['run', 'run_opened', 'run_closed', 'summary']);
/** Events that change nothing of what is shown. */
const OF_NEITHER = new Set(['progress', 'waiting']);

export const isNothing = ({ everything, runs, list }: Stale): boolean => !everything && runs.size === 0 && !list;

/** What is stale after both. */
export const either = (one: Stale, other: Stale): Stale => ({
  everything: one.everything || other.everything,
  runs: new Set([...one.runs, ...other.runs]),
  list: one.list || other.list,
});

/** What an event makes stale. @param isResumed whether the stream goes on from where this page had read to. */
export function madeStaleBy({ event, run }: StreamedEvent, isResumed: boolean): Stale {
  if (event === 'reset') return EVERYTHING;
  if (event === 'hello') return isResumed ? NOTHING : EVERYTHING;
  if (OF_NEITHER.has(event)) return NOTHING;
  if (run === undefined) return EVERYTHING;
  if (OF_THE_LIST.has(event)) return { ...NOTHING, list: true };
  return { everything: false, runs: new Set([run]), list: OF_BOTH.has(event) };
}
