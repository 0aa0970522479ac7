import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { START } from '@gatepost/shared/ledger/topic-message';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';

async function hasAny(messages: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _message of messages) return true;
  return false;
}

/**
 * Keys of the attempts whose result the journal shows by this agent; none for an inbox without messages, whose agent was
 * never assigned anything.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function reportedAttempts(
  ledger: Pick<Ledger, 'account' | 'read'>,
  { inbox, journal }: { readonly inbox: TopicId; readonly journal: TopicId },
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (!(await hasAny(ledger.read(inbox, START)))) return found;
  for await (const { payer, message } of ledger.read(journal, START)) {
    const decoded = payer === ledger.account ? unpackMessage(message) : undefined;
    if (decoded === undefined || 'malformed' in decoded || decoded.run === undefined) continue;
    for (const record of decoded.records) {
      if (record.type !== 'result') continue;
      found.add(attemptKey({ run: decoded.run, task: record.task, attempt: record.attempt }));
    }
  }
  return found;
}
