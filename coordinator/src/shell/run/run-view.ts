import { indexJournal, replay } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import type { IndexedRun, JournalIndex } from '@gatepost/rules/run/journal-index';
import { modeIn } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { keptPlan } from '../plan/plan-cache.js';
import type { RunConfig } from '../setup/config-file.js';

/** Which run to look at; the newest when nothing is said. */
export interface ViewOptions {
  readonly run?: string | undefined;
  /** Needed when this host has not run the plan. */
  readonly planFile?: string | undefined;
}

function choose(index: JournalIndex, run: string | undefined): IndexedRun {
  const chosen = run === undefined ? [...index.runs.values()].at(-1) : index.runs.get(run);
  if (chosen !== undefined) return chosen;
  const known = [...index.runs.keys()].join(', ') || 'none';
  throw new GatepostError(
    'NOT_FOUND',
    `no ${run === undefined ? 'run' : `run ${run}`} on this journal; runs: ${known}`,
  );
}

/**
 * A run as the topics tell it now. Writes nothing.
 * @throws GatepostError NOT_FOUND for an unknown run, USAGE when the plan has to be named or is another one.
 */
export async function viewRun(
  reader: LedgerReader,
  config: RunConfig,
  options: ViewOptions,
  log: Logger,
): Promise<RunState> {
  const feed = new LedgerFeed(reader, config.journal, new Set(config.agents), log);
  const chosen = choose(await indexJournal(feed, config.account), options.run);
  const { run, plan: digest, token } = chosen;
  const plan = options.planFile === undefined ? keptPlan(config.stateDir, digest) : loadPlan(options.planFile);
  if (plan === undefined) {
    throw new GatepostError('USAGE', `this host has not run the plan of ${run}; name its file with --plan`);
  }
  if (plan.digest !== digest) {
    throw new GatepostError(
      'USAGE',
      `${options.planFile} is not the plan of run ${run}; it has changed or is another one`,
    );
  }
  const { journal } = config;
  const agents = new Set(config.agents);
  const state = emptyState({ run, plan, coordinator: config.account, journal, token, agents, ...modeIn(chosen) });
  feed.nameTasks(taskNamesOf(plan));
  await replay(feed, state, log);
  return state;
}
