import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { START } from '@gatepost/shared/ledger/topic-message';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { wordOf } from '../core/session-words.js';
import type { Sessions } from '../core/sessions.js';

/**
 * Takes down what the journal says of a gatekeeper's processes, whether a run is open or not.
 * @param onMessage hears of each message of the journal.
 * @returns when another process is in this one's place, or at the signal.
 * @throws GatepostError MIRROR_UNREACHABLE and what else following a topic ends with.
 */
export async function watchSessions(
  ledger: Pick<Ledger, 'follow'>,
  journal: TopicId,
  sessions: Sessions,
  signal: AbortSignal,
  onMessage: () => void = () => undefined,
): Promise<void> {
  for await (const message of ledger.follow(journal, START, signal)) {
    onMessage();
    if (message.payer !== sessions.account || message.chunk.total > 1) continue;
    const decoded = unpackMessage(message.message);
    if ('malformed' in decoded) continue;
    const { topic, sequenceNumber: sequence, consensusTimestamp: at, payer: author } = message;
    for (const record of decoded.records) {
      const word = wordOf({ at, author, topic, sequence, run: decoded.run, record });
      if (word !== undefined) sessions.note(word);
    }
    if (sessions.isReplaced) return;
  }
}
