import { unpackMessage } from '@gatepost/shared/records/codec';
import type { TopicEvidence } from './evidence.js';
import type { AnyEntry } from './history.js';

/** What a topic says, and how many of its messages say nothing. */
export interface DecodedTopic {
  readonly entries: readonly AnyEntry[];
  readonly malformed: number;
}

/** Reads the records of a topic. Messages that are no records are counted; they have no effect. */
export function decodeTopic(evidence: TopicEvidence): DecodedTopic {
  const entries: AnyEntry[] = [];
  let malformed = 0;
  for (const { sequence, at, payer, content, chunks } of evidence.messages) {
    const decoded = chunks > 1 ? undefined : unpackMessage(content);
    if (decoded === undefined || 'malformed' in decoded) {
      malformed += 1;
      continue;
    }
    for (const [index, record] of decoded.records.entries()) {
      entries.push({ at, author: payer, topic: evidence.topic, sequence, run: decoded.run, record, index });
    }
  }
  return { entries, malformed };
}
