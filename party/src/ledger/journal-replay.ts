import { reduce } from '@gatepost/rules/fold/reduce';
import { emptyIndex, indexRecord, type JournalIndex } from '@gatepost/rules/run/journal-index';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Logger } from '@gatepost/shared/log';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { LedgerFeed } from './ledger-feed.js';

/** What a journal says of its coordinator's runs and epochs. @throws GatepostError MIRROR_UNREACHABLE */
export async function indexJournal(feed: LedgerFeed, coordinator: AccountId): Promise<JournalIndex> {
  const index = emptyIndex();
  for (const entry of await feed.peekJournal()) indexRecord(index, entry, coordinator);
  return index;
}

/**
 * The same without what was accepted, of which a long journal mostly speaks.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function indexRuns(feed: LedgerFeed, coordinator: AccountId): Promise<JournalIndex> {
  const index = emptyIndex();
  const records = await feed.peekJournal(['epoch', 'run_opened', 'run_closed']);
  for (const entry of records) if (entry.record.type !== 'verdict') indexRecord(index, entry, coordinator);
  return index;
}

/** Folds everything the mirror has: the journal, and every inbox that its agent announced on it. */
export async function replay(feed: LedgerFeed, state: RunState, log: Logger): Promise<void> {
  for (const entry of await feed.history()) {
    reduce(state, entry, (change) => {
      if (change.event === 'ignored') log.debug(change.reason);
    });
  }
}
