import { indexJournal } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { Plan } from '@gatepost/rules/plan/plan';
import { earlierVersion } from '@gatepost/rules/run/journal-index';
import { takeLooks } from '@gatepost/shared/doctor/finding';
import { known, lookAtToken, lookAtTokenFees } from '@gatepost/shared/doctor/token-looks';
import type { MirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import { termsFor } from '@gatepost/shared/hedera/payer-fees';
import type { Logger } from '@gatepost/shared/log';
import { type FeeUnit, FREE_TERMS } from '@gatepost/shared/vocabulary/custom-fees';
import type { Standing } from '../../core/obstacles.js';
import type { RunConfig } from '../setup/config-file.js';

/** What a plan would find if it was run now, as the mirror shows it; needs no key. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
export async function standingOf(
  reader: MirrorReader,
  { account, journal, token, agents, escrow: holder = account }: RunConfig,
  plan: Plan,
  log: Logger,
): Promise<Standing> {
  const { mirror } = reader;
  const index = await indexJournal(new LedgerFeed(reader, journal, new Set(agents), log), account);
  const shown = await known(mirror.token(token));
  const terms = shown === undefined ? FREE_TERMS : termsFor(account, shown);
  const units = new Set<FeeUnit>([token, 'hbar', ...terms.owed.map(({ unit }) => unit)]);
  const heldOf = (unit: FeeUnit) =>
    unit === 'hbar' ? mirror.hbarBalance(account) : mirror.tokenBalance(unit === token ? holder : account, unit);
  const held = new Map(await Promise.all([...units].map(async (unit) => [unit, await heldOf(unit)] as const)));
  const looks = [() => lookAtToken(reader, token), () => lookAtTokenFees(reader, token)];
  const troubles = (await takeLooks(looks)).filter(({ level }) => level === 'error');
  return {
    token,
    terms,
    troubles: troubles.map(({ detail, advice }) => `${detail}. ${advice}`),
    held,
    earlier: earlierVersion(index, plan),
  };
}
