import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { modeIn } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { indexRuns, replay } from '../ledger/journal-replay.js';
import { LedgerFeed } from '../ledger/ledger-feed.js';

/** Which run is meant, and what has to be known of it to fold it. */
export interface NamedRun {
  readonly journal: TopicId;
  readonly coordinator: AccountId;
  readonly run: string;
  readonly plan: Plan;
  /** Agents whose records count; all that announced themselves when left out. */
  readonly agents?: readonly AccountId[] | undefined;
}

/**
 * A run of anybody's as the topics tell it now. Writes nothing.
 * @throws GatepostError NOT_FOUND for an unknown run, USAGE for another plan, MIRROR_UNREACHABLE
 */
export async function openRun(reader: LedgerReader, named: NamedRun, log: Logger): Promise<RunState> {
  const { journal, coordinator, run, plan } = named;
  const agents = new Set(named.agents ?? (await announcedAgents(reader, journal, log)));
  const feed = new LedgerFeed(reader, journal, agents, log);
  const known = (await indexRuns(feed, coordinator)).runs.get(run);
  if (known === undefined)
    throw new GatepostError('NOT_FOUND', `no run ${run} of ${coordinator} on ${journal}`, { run });
  if (known.plan !== plan.digest) {
    throw new GatepostError(
      'USAGE',
      `run ${run} is of plan ${known.plan}, not of ${plan.digest}; name its plan with --plan`,
    );
  }
  feed.nameTasks(taskNamesOf(plan));
  const state = emptyState({ run, plan, coordinator, journal, token: known.token, agents, ...modeIn(known) });
  await replay(feed, state, log);
  return state;
}

/** Who gives work to whom is the coordinator's matter: an agent is whom it gave some. */
async function announcedAgents(reader: LedgerReader, journal: TopicId, log: Logger): Promise<readonly AccountId[]> {
  const announced = new Set<AccountId>();
  for (const { author, record } of await new LedgerFeed(reader, journal, new Set(), log).peekJournal()) {
    if (record.type === 'online') announced.add(author);
  }
  return [...announced];
}
