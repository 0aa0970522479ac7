import { type Cursor, START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** How far one topic was read and what of it was not yet handed on. */
export interface TopicReader {
  cursor: Cursor;
  /** When the newest of its messages was that REST shows; of an inbox that is followed more may have been heard. */
  shownUntil: Nanos;
  readonly held: TopicMessage[];
}

export const newReader = (): TopicReader => ({ cursor: START, shownUntil: 0n, held: [] });

/** Holds a message that comes next, or later; one that was read before is nothing new. */
export function take(reader: TopicReader, message: TopicMessage): void {
  if (message.sequenceNumber <= reader.cursor.sequenceNumber) return;
  reader.cursor = { sequenceNumber: message.sequenceNumber, consensusTimestamp: message.consensusTimestamp };
  reader.held.push(message);
}

/** REST shows the message of a time. */
export function show(reader: TopicReader, at: Nanos): void {
  if (at > reader.shownUntil) reader.shownUntil = at;
}

/** When the newest message was that is held and that REST shows; 0 for none. */
export const newestShown = ({ held, shownUntil }: TopicReader): Nanos =>
  held.findLast(({ consensusTimestamp }) => consensusTimestamp <= shownUntil)?.consensusTimestamp ?? 0n;
