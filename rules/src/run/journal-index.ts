import type { RecordOf } from '@gatepost/shared/records/schema';
import { type AccountId, type TokenId, tokenId } from '@gatepost/shared/vocabulary/ids';
import type { LedgerRecord } from './ledger-record.js';
import { modeOf, type RunMode } from './run-mode.js';

/** A run as a journal tells it. */
export interface IndexedRun extends RunMode {
  readonly run: string;
  readonly plan: string;
  /** The plan's name. */
  readonly name: string;
  readonly tasks: number;
  /** Tasks that were accepted. */
  readonly accepted: Set<string>;
  /** What it pays in. */
  readonly token: TokenId;
  closed: 'complete' | 'failed' | 'cancelled' | undefined;
}

/** What of a journal must be known before a run can be folded: its runs, the newest epoch, the agents' inboxes. */
export interface JournalIndex {
  readonly runs: Map<string, IndexedRun>;
  epoch:
    | {
        readonly epoch: number;
        readonly instance: string;
        readonly host: string;
        readonly pid: number;
        readonly ended: boolean;
      }
    | undefined;
}

export const emptyIndex = (): JournalIndex => ({ runs: new Map(), epoch: undefined });

/** Of two processes that begin with the same number the first on the journal has it, as the fold of `epoch` says. */
function holdsEpoch(current: JournalIndex['epoch'], { epoch, instance }: RecordOf<'epoch'>): boolean {
  if (current === undefined || epoch > current.epoch) return true;
  return epoch === current.epoch && instance === current.instance;
}

/** Takes down a record of the coordinator's own, or an acceptance by a run's gatekeeper; others have no say here. */
export function indexRecord(index: JournalIndex, { run, record, author }: LedgerRecord, coordinator: AccountId): void {
  const known = run === undefined ? undefined : index.runs.get(run);
  const judge = known?.gatekeeper ?? coordinator;
  if (record.type === 'verdict' && record.accepted && author === judge) known?.accepted.add(record.task);
  if (author !== coordinator) return;
  if (record.type === 'epoch' && holdsEpoch(index.epoch, record)) {
    const { epoch, instance, host, pid, state } = record;
    index.epoch = { epoch, instance, host, pid, ended: state === 'ended' };
  }
  if (run === undefined) return;
  if (record.type === 'run_opened' && !index.runs.has(run)) {
    const { plan_sha256: plan, name, tasks, token } = record;
    const about = { plan, name, tasks, token: tokenId(token) };
    index.runs.set(run, { run, ...about, ...modeOf(record), accepted: new Set(), closed: undefined });
  }
  if (record.type === 'run_closed' && known !== undefined) known.closed ??= record.outcome;
}

/** How to go on with a plan. */
export interface ChosenRun {
  readonly run: string;
  readonly state: 'new' | 'resumed' | 'closed';
  /** What was fixed when it was opened; undefined for a new one. */
  readonly opened: (Pick<IndexedRun, 'token'> & RunMode) | undefined;
}

/**
 * The run of a plan to go on with: its open run, else a new one when there is none yet or one is asked for, else the
 * last one, which is closed.
 */
export function chooseRun(index: JournalIndex, planDigest: string, wantNew: boolean): ChosenRun {
  const ofPlan = [...index.runs.values()].filter(({ plan }) => plan === planDigest);
  const open = ofPlan.find(({ closed }) => closed === undefined);
  if (open !== undefined && !wantNew) return { run: open.run, state: 'resumed', opened: open };
  const last = ofPlan.at(-1);
  if (last !== undefined && !wantNew) return { run: last.run, state: 'closed', opened: last };
  return { run: `${planDigest.slice(0, 12)}-${ofPlan.length + 1}`, state: 'new', opened: undefined };
}

/** The run of that id, whose plan is known to be the one that is meant; a new one unless the journal has it. */
export function namedRun({ runs }: JournalIndex, run: string): ChosenRun {
  const known = runs.get(run);
  if (known === undefined) return { run, state: 'new', opened: undefined };
  return { run, state: known.closed === undefined ? 'resumed' : 'closed', opened: known };
}

/** An open run of an earlier version of a plan: of the same name, with another content. */
export const earlierVersion = (
  index: JournalIndex,
  { name, digest }: { readonly name: string; readonly digest: string },
): IndexedRun | undefined =>
  [...index.runs.values()].find((run) => run.closed === undefined && run.name === name && run.plan !== digest);
