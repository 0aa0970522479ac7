import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import { emptyState } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import type { Logger } from '@gatepost/shared/log';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { requireConfig } from '../setup/config-file.js';

/** Agents have a life without any run: it is folded as that of a plan without tasks. */
const NO_PLAN: Plan = {
  name: '',
  sequences: [],
  tasks: [],
  maxTotal: undefined,
  maxFeesUsd: undefined,
  digest: sha256(''),
};

/** The agents as a journal tells them. */
export interface JournalAgents {
  readonly allowed: ReadonlyMap<AccountId, AgentState>;
  /** Accounts that announced themselves and are not allowed. */
  readonly others: readonly AccountId[];
}

/** @throws GatepostError MIRROR_UNREACHABLE */
export async function readJournalAgents(
  connection: Connection,
  { journal, token, agents }: ReturnType<typeof requireConfig>,
  log: Logger,
): Promise<JournalAgents> {
  const allowed = new Set(agents);
  const feed = new LedgerFeed(hederaLedger(connection, log), journal, allowed, log);
  const state = emptyState({
    run: '',
    plan: NO_PLAN,
    coordinator: connection.account,
    journal,
    token,
    agents: allowed,
  });
  const announced = [...(await feed.peekJournal())].filter(({ record }) => record.type === 'online');
  for (const entry of await feed.read([])) reduce(state, entry);
  const others = new Set(announced.map(({ author }) => author).filter((author) => !allowed.has(author)));
  return { allowed: state.agents, others: [...others] };
}
