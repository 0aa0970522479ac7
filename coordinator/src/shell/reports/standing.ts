import type { Plan } from '@gatepost/rules/plan/plan';
import { earlierVersion, emptyIndex, indexRecord } from '@gatepost/rules/run/journal-index';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import type { Standing } from '../../core/obstacles.js';
import type { requireConfig } from '../setup/config-file.js';

/** What a plan would find if it was run now, as the mirror shows it; needs no key. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
export async function standingOf(
  mirror: MirrorRest,
  { account, journal, token }: ReturnType<typeof requireConfig>,
  { name, digest }: Plan,
): Promise<Standing> {
  const index = emptyIndex();
  for await (const entry of mirror.messagesAfter(journal, 0)) {
    const { message, sequence_number: sequence, consensus_timestamp: at, payer_account_id: payer, chunk_info } = entry;
    if (payer !== account || (chunk_info?.total ?? 1) > 1) continue;
    const unpacked = unpackMessage(message);
    if ('malformed' in unpacked) continue;
    const author = accountId(payer);
    for (const record of unpacked.records)
      indexRecord(index, { at, author, topic: journal, sequence, run: unpacked.run, record });
  }
  const [tokens, tinybar] = await Promise.all([mirror.tokenBalance(account, token), mirror.hbarBalance(account)]);
  return { tokens, tinybar, earlier: earlierVersion(index, name, digest) };
}
