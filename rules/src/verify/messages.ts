import { NUMBERS_ALONE, type TaskNames } from '@gatepost/shared/records/task-names';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { isOwnTopic, type TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';
import { decodeMessage, mayHold, partsOf } from './decode.js';
import type { Evidence, MessageEvidence, OwnedTopicEvidence } from './evidence.js';
import type { AnyEntry } from './history.js';

/**
 * Records that are kept once they were decoded, whole messages. What is said of one task stands close together in time,
 * so who goes from task to task decodes a message about once.
 */
const MAX_KEPT_RECORDS = 16_384;

/**
 * The messages of a journal and its inboxes, numbered, the journal's first. They stay as they are on the ledger, far
 * denser than their records would be here; records are decoded when they are asked for.
 */
export class Messages {
  readonly #topics: readonly OwnedTopicEvidence[];
  readonly #starts: readonly number[];
  readonly #topicOf: Uint32Array;
  readonly #creations: ReadonlyMap<string, TopicCreation | undefined>;
  readonly #journalLength: number;
  /** Those of the inboxes, in consensus order. */
  readonly #inboxes: readonly number[];
  #names: ReadonlyMap<string, TaskNames> = new Map();
  readonly #kept = new Map<number, readonly AnyEntry[]>();
  #keptRecords = 0;
  /** How many messages say nothing. */
  readonly malformed = { journal: 0, inboxes: 0 };

  constructor({ journal, inboxes }: Pick<Evidence, 'journal' | 'inboxes'>) {
    this.#topics = [journal, ...inboxes];
    const starts: number[] = [];
    let length = 0;
    for (const { messages } of this.#topics) {
      starts.push(length);
      length += messages.length;
    }
    this.#starts = starts;
    this.#topicOf = new Uint32Array(length);
    for (const [index, start] of starts.entries()) this.#topicOf.fill(index, start, starts[index + 1] ?? length);
    this.#creations = new Map(inboxes.map(({ topic, creation }) => [topic, creation]));
    this.#journalLength = journal.messages.length;
    this.#inboxes = this.#sorted(numbersFrom(this.#journalLength, length));
  }

  /** From now on the tasks of each run are named by their ids. */
  nameTasks(names: ReadonlyMap<string, TaskNames>): void {
    this.#names = names;
    this.#kept.clear();
    this.#keptRecords = 0;
  }

  /** The records of the inboxes, in consensus order, that may be assignments, with tasks as the messages name them. */
  *assignments(): Generator<AnyEntry> {
    const some = this.#inboxes.filter((number) => mayHold(this.#message(number), ['assign']));
    yield* this.#inOrderOf(some, (number) => this.#decode(number) ?? []);
  }

  /** The records of the journal, in its order. Counts what says nothing. */
  *journal(): Generator<AnyEntry> {
    for (let number = 0; number < this.#journalLength; number += 1) yield* this.#counted(number, 'journal');
  }

  /** The records of the inboxes, in consensus order. Counts what says nothing. */
  *inboxes(): Generator<AnyEntry> {
    yield* this.#inOrderOf(this.#inboxes, (number) => this.#counted(number, 'inboxes'));
  }

  /** All records, in consensus order. */
  *inOrder(): Generator<AnyEntry> {
    const all = this.#sorted([...numbersFrom(0, this.#journalLength), ...this.#inboxes]);
    yield* this.#inOrderOf(all, (number) => this.#read(number) ?? []);
  }

  /** Consensus timestamp of the record at a place. */
  timeOf(place: number): Nanos {
    return this.#message(partsOf(place)[0]).at;
  }

  /** The record at a place. */
  entryAt(place: number): AnyEntry {
    const [number, index] = partsOf(place);
    let entries = this.#kept.get(number);
    if (entries === undefined) {
      entries = this.#read(number) ?? [];
      this.#keep(number, entries);
    }
    const entry = entries[index];
    if (entry === undefined) throw new Error(`message ${number} has no record ${index}`);
    return entry;
  }

  #message(number: number): MessageEvidence {
    const topic = this.#topicOf[number] ?? 0;
    const message = this.#topics[topic]?.messages[number - (this.#starts[topic] ?? 0)];
    if (message === undefined) throw new Error(`there is no message ${number}`);
    return message;
  }

  #decode(number: number, namesOf?: (run: string | undefined) => TaskNames): AnyEntry[] | undefined {
    const topic = this.#topics[this.#topicOf[number] ?? 0];
    return topic && decodeMessage(topic.topic, this.#message(number), number, namesOf);
  }

  #read(number: number): AnyEntry[] | undefined {
    return this.#decode(number, this.#namesOf)?.map((entry) => withInbox(entry, this.#creations));
  }

  #namesOf = (run: string | undefined): TaskNames =>
    (run === undefined ? undefined : this.#names.get(run)) ?? NUMBERS_ALONE;

  #counted(number: number, where: keyof Messages['malformed']): AnyEntry[] {
    const entries = this.#read(number);
    if (entries === undefined) this.malformed[where] += 1;
    return entries ?? [];
  }

  #keep(number: number, entries: readonly AnyEntry[]): void {
    this.#kept.set(number, entries);
    this.#keptRecords += entries.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptRecords <= MAX_KEPT_RECORDS) return;
      this.#kept.delete(oldest);
      this.#keptRecords -= length;
    }
  }

  #sorted(numbers: number[]): readonly number[] {
    return numbers.sort((a, b) => {
      const [one, other] = [this.#message(a).at, this.#message(b).at];
      return one === other ? 0 : one < other ? -1 : 1;
    });
  }

  /** Messages of one time, which no honest mirror shows, are read side by side. */
  *#inOrderOf(sorted: readonly number[], read: (number: number) => readonly AnyEntry[]): Generator<AnyEntry> {
    for (let from = 0; from < sorted.length; ) {
      const first = sorted[from] ?? 0;
      let to = from + 1;
      while (to < sorted.length && this.#message(sorted[to] ?? 0).at === this.#message(first).at) to += 1;
      if (to === from + 1) yield* read(first);
      else
        yield* sorted
          .slice(from, to)
          .flatMap(read)
          .sort((a, b) => a.index - b.index);
      from = to;
    }
  }
}

/** An announcement with what is known of its inbox, as the coordinator looks it up for its own fold. */
export function withInbox(entry: AnyEntry, creations: ReadonlyMap<string, TopicCreation | undefined>): AnyEntry {
  const { record, author, at } = entry;
  if (record.type !== 'online') return entry;
  return { ...entry, ofOwnInbox: isOwnTopic(creations.get(record.inbox), author, at) };
}

const numbersFrom = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
