import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { LedgerReader } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { LearntNames, withIds } from '@gatepost/shared/records/task-names';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { GatekeeperConfig } from '../config/gatekeeper-config.js';

/**
 * The attempt of a task that a person's word is about: the newest with a result and no verdict of the gatekeeper's. Read
 * from the ledger alone, without the plan.
 * @throws GatepostError USAGE when there is none, MIRROR_UNREACHABLE
 */
export async function awaitedAttempt(
  ledger: LedgerReader,
  { journal, agents, account }: Pick<GatekeeperConfig, 'journal' | 'agents' | 'account'>,
  { run, task }: { readonly run: string; readonly task: string },
  log: Logger,
): Promise<number> {
  const feed = new LedgerFeed(ledger, journal, new Set(agents), log);
  const names = new LearntNames();
  const open = new Set<number>();
  for (const entry of await feed.history()) {
    if (entry.run !== run) continue;
    if (entry.record.type === 'assign') names.learn(entry.record.task, entry.record.numbered);
    const record = withIds(entry.record, names);
    if (record.type === 'result' && record.task === task && record.outcome === 'ok') open.add(record.attempt);
    if (record.type === 'verdict' && record.task === task && entry.author === account) open.delete(record.attempt);
  }
  const newest = Math.max(...open);
  if (open.size > 0) return newest;
  throw new GatepostError('USAGE', `run ${run} has no result of ${task} to decide on`);
}
