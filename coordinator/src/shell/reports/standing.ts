import type { Plan } from '@gatepost/rules/plan/plan';
import { earlierVersion } from '@gatepost/rules/run/journal-index';
import type { MirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import type { Logger } from '@gatepost/shared/log';
import type { Standing } from '../../core/obstacles.js';
import { indexJournal } from '../ledger/journal-replay.js';
import { LedgerFeed } from '../ledger/ledger-feed.js';
import type { requireConfig } from '../setup/config-file.js';

/** What a plan would find if it was run now, as the mirror shows it; needs no key. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
export async function standingOf(
  reader: MirrorReader,
  { account, journal, token, agents }: ReturnType<typeof requireConfig>,
  { name, digest }: Plan,
  log: Logger,
): Promise<Standing> {
  const { mirror } = reader;
  const index = await indexJournal(new LedgerFeed(reader, journal, new Set(agents), log), account);
  const [tokens, tinybar] = await Promise.all([mirror.tokenBalance(account, token), mirror.hbarBalance(account)]);
  return { tokens, tinybar, earlier: earlierVersion(index, name, digest) };
}
