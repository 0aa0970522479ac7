import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';

/** Kinds of messages without effect that are told one by one: each topic, author and reason is a kind. */
const MAX_KINDS = 20;

/** Messages of one kind. */
interface Kind {
  readonly topic: string;
  readonly author: string;
  readonly why: string;
  count: number;
  /** Sequence number of the first one. */
  readonly first: number;
}

/**
 * Counts messages without effect. Anybody may write to an open journal, and every command reads it from its beginning: so
 * each message is counted once, however often it is read, and each kind takes one line, and all beyond the bound another.
 */
export class WithoutEffect {
  readonly #kinds = new Map<string, Kind>();
  /** Topic -> sequence number up to which messages were counted. */
  readonly #counted = new Map<string, number>();
  #others = 0;
  #told = 0;

  constructor(private readonly log: Logger) {}

  note(topic: string, sequence: number, author: string, why: string): void {
    if (sequence <= (this.#counted.get(topic) ?? 0)) return;
    this.#counted.set(topic, sequence);
    const reason = clipReason(why);
    const key = `${topic}|${author}|${reason}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#kinds.size < MAX_KINDS)
      this.#kinds.set(key, { topic, author, why: reason, count: 1, first: sequence });
    else this.#others += 1;
  }

  /** Messages counted so far. */
  get count(): number {
    return [...this.#kinds.values()].reduce((sum, { count }) => sum + count, this.#others);
  }

  /** Says in a bounded number of lines what was counted, if anything was since it was said last. */
  tell(): void {
    if (this.count === this.#told) return;
    this.#told = this.count;
    for (const kind of this.#kinds.values()) this.log.warn(kind, 'messages without effect');
    if (this.#others > 0)
      this.log.warn({ count: this.#others }, `messages without effect of more than ${MAX_KINDS} kinds`);
  }
}
