import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { parseNanos } from '@gatepost/shared/vocabulary/time';
import { reduce } from '../fold/reduce.js';
import type { Plan } from '../plan/plan.js';
import { attemptKeyOf } from '../run/attempt.js';
import { emptyState, type RunState } from '../run/run-state.js';
import { stateDigest } from '../run/state-digest.js';
import { isAccepted, type TaskState } from '../run/task-state.js';
import { type AnyEntry, attemptsOf, type RunHistory } from './history.js';
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
  /** Assignments it gave no effect. */
  readonly refused: ReadonlySet<AnyEntry>;
}

/** Folds a run with its plan, as its coordinator did. */
export function foldRun(run: RunHistory, plan: Plan, journal: TopicId, replay: Replay): FoldedRun {
  const { coordinator, token, gatekeeper, escrow } = run;
  const agents = workersOf(run, replay);
  const state = emptyState({ run: run.run, plan, coordinator, journal, token, agents, gatekeeper, escrow });
  let digest: string | undefined;
  let unfinished: string | undefined;
  const refused = new Set<AnyEntry>();
  const until = run.closed?.record.until === undefined ? undefined : parseNanos(run.closed.record.until);
  for (const entry of replay.entries) {
    if (entry === run.closed || (until !== undefined && entry.at > until)) digest ??= stateDigest(state);
    if (entry === run.closed && run.closed.record.outcome === 'complete') unfinished ??= unfinishedIn(state);
    reduce(state, entry, ({ event }) => {
      if (event === 'ignored' && entry.record.type === 'assign') refused.add(entry);
    });
  }
  const faults = new Map([...state.ignored].filter(([reason]) => reason.startsWith('payment')));
  const accepted = [...state.tasks.values()].filter(isAcceptedTask).length;
  return { digest: digest ?? stateDigest(state), accepted, faults, unfinished, refused };
}

const isAcceptedTask = ({ status, reviews }: TaskState): boolean => reviews === undefined && isAccepted(status);

function unfinishedIn({ tasks, payable }: RunState): string | undefined {
  const open = [...tasks.values()].find(({ status, reviews }) => reviews === undefined && !isAccepted(status));
  if (open !== undefined) return `${open.spec.id} is ${open.status}`;
  const [owed] = payable;
  return owed === undefined ? undefined : `${attemptKeyOf(owed)} is not paid`;
}

/** The agents that were given work: the list of those the coordinator trusts is not on the ledger. */
function workersOf(run: RunHistory, { inboxOwners }: Replay): ReadonlySet<AccountId> {
  const found = new Set<AccountId>();
  for (const { assignments } of attemptsOf(run)) {
    for (const { entry } of assignments) {
      const owner = inboxOwners.get(entry.topic)?.agent;
      if (owner !== undefined && entry.author === run.coordinator) found.add(owner);
    }
  }
  return found;
}

/** Whether the coordinator's own fold agrees with what it recorded. */
export function checkState(run: RunHistory, { digest, faults, unfinished }: FoldedRun, findings: Findings): void {
  for (const [reason, times] of faults) findings.add('plan-state', run.run, run.run, `${times} × ${reason}`);
  if (unfinished !== undefined) findings.add('plan-state', run.run, run.run, `closed as complete, but ${unfinished}`);
  const recorded = run.closed?.record.state_sha256;
  if (recorded === undefined || recorded === digest) return;
  findings.add('plan-state', run.run, run.run, `the records fold to ${digest}, run_closed says ${recorded}`);
}
