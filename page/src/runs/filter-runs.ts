import type { ReportedRun } from '../report.js';
import { dateTime } from '../words.js';

/** Which runs are wanted; an empty text means all. */
export interface RunFilter {
  /** Words in the id or the name. */
  readonly text: string;
  readonly outcome: ReportedRun['outcome'] | '';
  /** Dates, YYYY-MM-DD, UTC: open at some time between them. */
  readonly from: string;
  readonly to: string;
}

export const ALL_RUNS: RunFilter = { text: '', outcome: '', from: '', to: '' };

/** The runs that are wanted, newest first. */
export function filterRuns(
  runs: readonly ReportedRun[],
  { text, outcome, from, to }: RunFilter,
): readonly ReportedRun[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = (run: ReportedRun): boolean => {
    const about = `${run.run} ${run.name}`.toLowerCase();
    const ended = run.closed === undefined ? '9999' : dateTime(run.closed.at);
    return (
      words.every((word) => about.includes(word)) &&
      (outcome === '' || run.outcome === outcome) &&
      (from === '' || ended.slice(0, 10) >= from) &&
      (to === '' || dateTime(run.opened.at).slice(0, 10) <= to)
    );
  };
  return runs.filter(wanted).reverse();
}
