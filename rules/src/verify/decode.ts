import { unpackMessage } from '@gatepost/shared/records/codec';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { MessageEvidence, TopicEvidence } from './evidence.js';
import type { AnyEntry } from './history.js';

/** More than a message of 1,024 bytes can hold. */
const PLACES_PER_MESSAGE = 2 ** 20;

/** Where a record stands: the number of its message, and its own within that. */
export const placeOf = (message: number, index: number): number => message * PLACES_PER_MESSAGE + index;

/** The message and the index of a place. */
export const partsOf = (place: number): readonly [message: number, index: number] => [
  Math.floor(place / PLACES_PER_MESSAGE),
  place % PLACES_PER_MESSAGE,
];

/**
 * The records of a message; undefined when it is none of ours.
 * @param number of the message among all that are looked at, from 0.
 * @param namesOf as for `unpackMessage`.
 */
export function decodeMessage(
  topic: TopicId,
  message: MessageEvidence,
  number: number,
  namesOf?: Parameters<typeof unpackMessage>[1],
): AnyEntry[] | undefined {
  const { sequence, at, payer: author, content, chunks } = message;
  const decoded = chunks > 1 ? undefined : unpackMessage(content, namesOf);
  if (decoded === undefined || 'malformed' in decoded) return undefined;
  const { run } = decoded;
  return decoded.records.map((record, index) => ({
    at,
    author,
    topic,
    sequence,
    run,
    record,
    index,
    place: placeOf(number, index),
  }));
}

/** What a topic says, and how many of its messages say nothing. */
export interface DecodedTopic {
  readonly entries: readonly AnyEntry[];
  readonly malformed: number;
}

/** Reads the records of a topic. Messages that are no records are counted; they have no effect. */
export function decodeTopic({ topic, messages }: TopicEvidence): DecodedTopic {
  const entries: AnyEntry[] = [];
  let malformed = 0;
  for (const [number, message] of messages.entries()) {
    const decoded = decodeMessage(topic, message, number);
    if (decoded === undefined) malformed += 1;
    else entries.push(...decoded);
  }
  return { entries, malformed };
}

/** Kinds of records that stand in a message under their own names. */
type NamedKind = 'assign' | 'dispute' | 'epoch' | 'online' | 'run_closed' | 'run_opened' | 'settled';

/** Whether a message may hold a record of one of these kinds: it need not be decoded when it does not. */
export function mayHold({ content }: Pick<MessageEvidence, 'content'>, kinds: readonly NamedKind[]): boolean {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // An escape can spell any name.
  return text.includes(String.raw`\u`) || kinds.some((kind) => text.includes(`"${kind}"`));
}

/** The records of these kinds on a topic, in its order; what is not looked at is not decoded. */
export function* recordsOn<T extends NamedKind>(
  { topic, messages }: TopicEvidence,
  kinds: readonly T[],
): Generator<AnyEntry & { readonly record: Extract<AnyEntry['record'], { readonly type: T }> }> {
  for (const [number, message] of messages.entries()) {
    if (!mayHold(message, kinds)) continue;
    for (const entry of decodeMessage(topic, message, number) ?? []) if (isOneOf(entry, kinds)) yield entry;
  }
}

const isOneOf = <T extends NamedKind>(
  entry: AnyEntry,
  kinds: readonly T[],
): entry is AnyEntry & { readonly record: Extract<AnyEntry['record'], { readonly type: T }> } =>
  (kinds as readonly string[]).includes(entry.record.type);
