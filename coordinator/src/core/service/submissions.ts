import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';

/** What somebody asks for. */
export interface RunRequest {
  /** Names the request: sent again, it is the same request and no further run. */
  readonly key: string;
  /** Digest of the compiled plan. */
  readonly plan: Sha256;
  /** Its share beside the other runs; a whole number from 1. */
  readonly weight: number;
  /** Most attempts that it may have under way. */
  readonly mostOpen: number;
}

/**
 * A request that was accepted. It is durable before it is acknowledged, and never changes: what became of its run is on the
 * journal, so that a process that begins anew knows everything from both.
 */
export interface Submission extends RunRequest {
  /** Id of its run, fixed by now; no other submission or run has it. */
  readonly run: string;
  /** Position among all submissions, from 1. */
  readonly ordinal: number;
}

/** A submission and where its run stands: what the journal says, and whether it was withdrawn before it was opened. */
export interface ServedRun extends Submission {
  readonly state: 'waiting' | 'open' | 'closed' | 'withdrawn';
}

/** Bounds of a coordinator that serves. */
export interface ServiceBounds {
  /** Runs that are open at once. */
  readonly openRuns: number;
  /** Runs that wait to be opened. */
  readonly waitingRuns: number;
}

export type Answer =
  /** `isNew` when it is to be made durable before it is acknowledged. */
  | { readonly submission: Submission; readonly isNew: boolean }
  /** The key names an earlier request that asked for something else. */
  | { readonly refused: 'another_request'; readonly earlier: Submission }
  /** As many wait as may. */
  | { readonly refused: 'too_many' };

/** Runs that were withdrawn before they were opened, and are never opened. */
export type Withdrawn = ReadonlySet<string>;

/** Answers a request, given all submissions so far and what the journal says. */
export function answer(
  request: RunRequest,
  submissions: readonly Submission[],
  withdrawn: Withdrawn,
  index: JournalIndex,
  { waitingRuns }: Pick<ServiceBounds, 'waitingRuns'>,
): Answer {
  const earlier = submissions.find(({ key }) => key === request.key);
  if (earlier !== undefined) {
    return isSame(earlier, request) ? { submission: earlier, isNew: false } : { refused: 'another_request', earlier };
  }
  const waiting = servedRuns(submissions, withdrawn, index).filter(({ state }) => state === 'waiting').length;
  if (waiting >= waitingRuns) return { refused: 'too_many' };
  const { key, plan, weight, mostOpen } = request;
  const run = nextRunId(plan, submissions, index);
  return { submission: { key, plan, weight, mostOpen, run, ordinal: submissions.length + 1 }, isNew: true };
}

const isSame = (a: RunRequest, b: RunRequest): boolean =>
  a.plan === b.plan && a.weight === b.weight && a.mostOpen === b.mostOpen;

/** The first id of the plan that neither the journal nor a submission has: the beginning of its digest and an ordinal. */
function nextRunId(plan: Sha256, submissions: readonly Submission[], index: JournalIndex): string {
  const taken = new Set([...index.runs.keys(), ...submissions.map(({ run }) => run)]);
  const stem = plan.slice(0, 12);
  let ordinal = 1;
  while (taken.has(`${stem}-${ordinal}`)) ordinal += 1;
  return `${stem}-${ordinal}`;
}

/** Where every submission stands: its run is waiting until the journal has its opening. */
export function servedRuns(
  submissions: readonly Submission[],
  withdrawn: Withdrawn,
  index: JournalIndex,
): readonly ServedRun[] {
  return submissions.map((submission) => ({ ...submission, state: stateOf(submission.run, withdrawn, index) }));
}

function stateOf(run: string, withdrawn: Withdrawn, index: JournalIndex): ServedRun['state'] {
  const known = index.runs.get(run);
  if (known !== undefined) return known.closed === undefined ? 'open' : 'closed';
  return withdrawn.has(run) ? 'withdrawn' : 'waiting';
}

/** The runs that are to be opened now: the oldest that wait, as many as may be open besides those that are. */
export function runsToOpen(
  runs: readonly ServedRun[],
  { openRuns }: Pick<ServiceBounds, 'openRuns'>,
): readonly ServedRun[] {
  const open = runs.filter(({ state }) => state === 'open').length;
  return runs.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, openRuns - open));
}
