import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { idOfTask, LearntNames, NUMBERS_ALONE, type TaskNames } from '@gatepost/shared/records/task-names';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';

/** What the runs on an inbox call their tasks; of what others write there only a wrong name can come. */
async function namesByRun(messages: AsyncIterable<TopicMessage>): Promise<ReadonlyMap<string, TaskNames>> {
  const names = new Map<string, LearntNames>();
  for await (const { message } of messages) {
    const decoded = unpackMessage(message);
    if ('malformed' in decoded || decoded.run === undefined) continue;
    const ofRun = names.get(decoded.run) ?? new LearntNames();
    names.set(decoded.run, ofRun);
    for (const record of decoded.records) if (record.type === 'assign') ofRun.learn(record.task, record.numbered);
  }
  return names;
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
  const names = await namesByRun(ledger.read(inbox, START));
  if (names.size === 0) return found;
  for await (const { payer, message } of ledger.read(journal, START)) {
    const decoded = payer === ledger.account ? unpackMessage(message) : undefined;
    if (decoded === undefined || 'malformed' in decoded || decoded.run === undefined) continue;
    const { run } = decoded;
    const ofRun = names.get(run) ?? NUMBERS_ALONE;
    for (const record of decoded.records) {
      if (record.type !== 'result') continue;
      found.add(attemptKey({ run, task: idOfTask(record.task, ofRun), attempt: record.attempt }));
    }
  }
  return found;
}
