import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { reduce } from '../fold/reduce.js';
import type { Plan } from '../plan/plan.js';
import { emptyState } from '../run/run-state.js';
import { stateDigest } from '../run/state-digest.js';
import { attemptsOf, type RunHistory } from './history.js';
import type { Replay } from './replay.js';
import type { Findings } from './rules.js';

/** What the coordinator's own fold makes of a run's records. */
export interface FoldedRun {
  /** Digest of the state before run_closed, or after the last record of an open run. */
  readonly digest: string;
  /** Payments it finds at fault, by reason. */
  readonly faults: ReadonlyMap<string, number>;
}

/** Folds a run with its plan, as its coordinator did. */
export function foldRun(run: RunHistory, plan: Plan, journal: TopicId, replay: Replay): FoldedRun {
  const { coordinator, token } = run;
  const agents = workersOf(run, replay);
  const state = emptyState({ run: run.run, plan, coordinator, journal, token, agents });
  let digest: string | undefined;
  for (const entry of replay.entries) {
    if (entry.record.type === 'run_closed' && entry.at === run.closed?.at) digest ??= stateDigest(state);
    reduce(state, entry);
  }
  const faults = new Map([...state.ignored].filter(([reason]) => reason.startsWith('payment')));
  return { digest: digest ?? stateDigest(state), faults };
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
export function checkState(run: RunHistory, plan: Plan, journal: TopicId, replay: Replay, findings: Findings): void {
  const { digest, faults } = foldRun(run, plan, journal, replay);
  for (const [reason, times] of faults) findings.add('plan-state', run.run, run.run, `${times} × ${reason}`);
  const recorded = run.closed?.record.state_sha256;
  if (recorded === undefined || recorded === digest) return;
  findings.add('plan-state', run.run, run.run, `the records fold to ${digest}, run_closed says ${recorded}`);
}
