import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import { type ServedRun, servedRuns } from '../../core/service/submissions.js';
import { countsOf, type RunCounts } from './event-hub.js';
import type { RunHost } from './run-host.js';
import type { RunScheduler } from './run-scheduler.js';
import type { NotedSubmission, SubmissionBook } from './submission-book.js';

/** A run in a list. */
export interface RunLine {
  readonly run: string;
  /** The plan's name, and its digest. */
  readonly name: string;
  readonly plan: string;
  readonly state: ServedRun['state'];
  readonly outcome?: 'complete' | 'failed' | 'cancelled';
  readonly tasks: number;
  /** Tasks whose work was accepted. */
  readonly accepted: number;
  readonly weight?: number;
  readonly most_open?: number;
  readonly submitted?: { readonly at: string; readonly by: string };
  /** How far it is; of runs that this process works on. */
  readonly counts?: RunCounts;
  readonly trouble?: {
    readonly code: string;
    readonly message: string;
    readonly advice: string;
    readonly retry_at?: string;
  };
}

/** Everything that is known of runs without reading their records. */
export interface LineSources {
  readonly book: SubmissionBook;
  readonly host: RunHost;
  readonly scheduler: RunScheduler;
}

/** All runs of the journal and all that were submitted, newest first: those that wait, then as they were opened. */
export function runLines(index: JournalIndex, sources: LineSources): readonly RunLine[] {
  const served = new Map(
    servedRuns(sources.book.submissions, sources.book.withdrawn, index).map((one) => [one.run, one.state]),
  );
  const unopened = sources.book.submissions.filter(({ run }) => !index.runs.has(run));
  const opened = [...index.runs.keys()].map((run) => lineOf(run, index, served.get(run), sources));
  return [...opened, ...unopened.map(({ run }) => lineOf(run, index, served.get(run), sources))].reverse();
}

function lineOf(
  run: string,
  index: JournalIndex,
  state: ServedRun['state'] | undefined,
  { book, host, scheduler }: LineSources,
): RunLine {
  const known = index.runs.get(run);
  const submission = book.find(run);
  const { name = run, tasks = 0 } = known ?? submission ?? {};
  const working = host.runs().get(run)?.state;
  return {
    run,
    name,
    plan: known?.plan ?? submission?.plan ?? '',
    state: state ?? (known?.closed === undefined ? 'open' : 'closed'),
    ...(known?.closed === undefined ? {} : { outcome: known.closed }),
    tasks,
    accepted: known?.accepted.size ?? 0,
    ...(submission === undefined ? {} : submittedAs(submission)),
    ...(working === undefined ? {} : { counts: countsOf(working) }),
    ...troubleOf(scheduler, run),
  };
}

const submittedAs = ({ weight, mostOpen, atMs, by }: NotedSubmission) => ({
  weight,
  most_open: mostOpen,
  submitted: { at: formatTime(atMs), by },
});

function troubleOf(scheduler: RunScheduler, run: string): Pick<RunLine, 'trouble'> {
  const trouble = scheduler.trouble(run);
  if (trouble === undefined) return {};
  const { error, retryAtMs } = trouble;
  const { code, message, advice } = error;
  return {
    trouble: { code, message, advice, ...(retryAtMs === undefined ? {} : { retry_at: formatTime(retryAtMs) }) },
  };
}
