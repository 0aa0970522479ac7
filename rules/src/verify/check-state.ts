import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { parseNanos } from '@gatepost/shared/vocabulary/time';
import { reduce } from '../fold/reduce.js';
import type { Plan } from '../plan/plan.js';
import { attemptKeyOf } from '../run/attempt.js';
import { modeIn } from '../run/run-mode.js';
import { emptyState, type RunState } from '../run/run-state.js';
import { stateDigest } from '../run/state-digest.js';
import { isAccepted, type TaskState } from '../run/task-state.js';
import type { AnyEntry, Entry, RunHistory } from './history.js';
import type { Replay } from './replay.js';
import type { Findings } from './rules.js';

/** What the coordinator's own fold makes of a run's records. */
export interface FoldedRun {
  /** Digest of the state that run_closed is about, or after the last record of an open run. */
  readonly digest: string;
  /** Tasks of the plan it counts as accepted. */
  readonly accepted: number;
  /** Payments it finds at fault, by reason. */
  readonly faults: ReadonlyMap<string, number>;
  /** What it finds unfinished in a run that was closed as complete. */
  readonly unfinished: string | undefined;
  /** Assignments, disputes and decisions that it gave no effect, by place. */
  readonly refused: ReadonlySet<number>;
  /** The closing with an effect. */
  readonly closed: Entry<'run_closed'> | undefined;
}

/** Records of which the fold of the plan knows best whether they have an effect. */
const WEIGHED: ReadonlySet<AnyEntry['record']['type']> = new Set(['assign', 'dispute', 'decision']);

/** Folds a run with its plan, as its coordinator did. */
export function foldRun(run: RunHistory, plan: Plan, journal: TopicId, replay: Replay): FoldedRun {
  const { coordinator, token } = run;
  const agents = workersOf(run, replay);
  const state = emptyState({ run: run.run, plan, coordinator, journal, token, agents, ...modeIn(run) });
  let unfinished: string | undefined;
  let closed: Entry<'run_closed'> | undefined;
  const refused = new Set<number>();
  const digests = new ClosingDigests(run, state);
  for (const entry of replay.messages.inOrder()) {
    digests.before(entry);
    const { closed: wasClosed } = state;
    const complete = isClosing(entry) && entry.record.outcome === 'complete' ? unfinishedIn(state) : undefined;
    reduce(state, entry, ({ event }) => {
      if (event === 'ignored' && WEIGHED.has(entry.record.type)) refused.add(entry.place);
    });
    if (wasClosed !== undefined || state.closed === undefined || !isClosing(entry)) continue;
    closed = entry;
    unfinished = complete;
  }
  const faults = new Map([...state.ignored].filter(([reason]) => reason.startsWith('payment')));
  const accepted = [...state.tasks.values()].filter(isAcceptedTask).length;
  return { digest: digests.of(closed) ?? stateDigest(state), accepted, faults, unfinished, refused, closed };
}

const isClosing = (entry: AnyEntry): entry is Entry<'run_closed'> => entry.record.type === 'run_closed';

/** Closings of a run that are looked at; an honest coordinator writes one. */
const MAX_CLOSINGS = 16;

/** Digests of the states that the closings of a run are about: beside a gatekeeper the first may have no effect. */
class ClosingDigests {
  readonly #digests = new Map<number, string>();
  readonly #waiting: Set<Entry<'run_closed'>>;

  constructor(
    { closings }: RunHistory,
    readonly state: RunState,
  ) {
    this.#waiting = new Set(closings.slice(0, MAX_CLOSINGS));
  }

  /** Everything before an entry was folded. */
  before(entry: AnyEntry): void {
    for (const closing of this.#waiting) {
      const { until } = closing.record;
      if (entry.place !== closing.place && (until === undefined || entry.at <= parseNanos(until))) continue;
      this.#digests.set(closing.place, stateDigest(this.state));
      this.#waiting.delete(closing);
    }
  }

  of(closing: AnyEntry | undefined): string | undefined {
    return closing && this.#digests.get(closing.place);
  }
}

const isAcceptedTask = ({ status, reviews }: TaskState): boolean => reviews === undefined && isAccepted(status);

function unfinishedIn({ tasks, payable }: RunState): string | undefined {
  const open = [...tasks.values()].find(({ status, reviews }) => reviews === undefined && !isAccepted(status));
  if (open !== undefined) return `${open.spec.id} is ${open.status}`;
  const [owed] = payable;
  return owed === undefined ? undefined : `${attemptKeyOf(owed)} is not paid`;
}

/** The agents that were given work: the list of those the coordinator trusts is not on the ledger. */
const workersOf = ({ inboxes }: RunHistory, { inboxOwners }: Replay): ReadonlySet<AccountId> =>
  new Set([...inboxes].flatMap((inbox) => inboxOwners.get(inbox)?.agent ?? []));

/** Whether the coordinator's own fold agrees with what it recorded. */
export function checkState(run: RunHistory, { digest, faults, unfinished }: FoldedRun, findings: Findings): void {
  for (const [reason, times] of faults) findings.add('plan-state', run.run, run.run, `${times} × ${reason}`);
  if (unfinished !== undefined) findings.add('plan-state', run.run, run.run, `closed as complete, but ${unfinished}`);
  const recorded = run.closed?.record.state_sha256;
  if (recorded === undefined || recorded === digest) return;
  findings.add('plan-state', run.run, run.run, `the records fold to ${digest}, run_closed says ${recorded}`);
}
