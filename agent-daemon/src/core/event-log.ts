import type { Ending } from './attempt.js';

/** Something that happened to an attempt. */
export type EventKind =
  | { readonly type: 'accepted'; readonly queuedBefore: number }
  | { readonly type: 'started' }
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string }
  | { readonly type: 'log'; readonly line: string; readonly droppedBefore: number }
  | { readonly type: 'finished'; readonly ending: Ending };

export interface NumberedEvent {
  readonly number: number;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly kind: EventKind;
}

/** Bounds of what an attempt may keep for a session that does not acknowledge. */
export interface EventLimits {
  /** Progress and log events that may wait for an acknowledgement. */
  readonly unacknowledged: number;
  /** Log lines an attempt may send in its life. */
  readonly logLines: number;
}

/** Numbers of one start of an attempt stay below this; the next start continues from the next multiple. */
export const EVENTS_PER_START = 1_000_000;

/**
 * The events of one attempt, numbered without gaps, kept until they are acknowledged. Bounded: when too many wait,
 * progress is left out and log lines are counted as dropped; accepted, started and finished always have a place.
 */
export class EventLog {
  #events: NumberedEvent[] = [];
  #next: number;
  #lines = 0;
  #dropped = 0;

  /** @param earlierStarts how many processes began this attempt before; their numbers are not used again. */
  constructor(
    earlierStarts: number,
    private readonly limits: EventLimits,
  ) {
    this.#next = earlierStarts * EVENTS_PER_START + 1;
  }

  /** Adds an event; undefined when a bound leaves it out. */
  append(kind: EventKind, atMs: number): NumberedEvent | undefined {
    const admitted = this.#admit(kind);
    if (admitted === undefined) return undefined;
    const event = { number: this.#next++, atMs, kind: admitted };
    this.#events.push(event);
    return event;
  }

  #admit(kind: EventKind): EventKind | undefined {
    if (kind.type !== 'progress' && kind.type !== 'log') return kind;
    const full = this.#events.length >= this.limits.unacknowledged;
    if (kind.type === 'progress') return full ? undefined : kind;
    if (full || this.#lines >= this.limits.logLines) {
      this.#dropped += 1;
      return undefined;
    }
    this.#lines += 1;
    const droppedBefore = this.#dropped;
    this.#dropped = 0;
    return { ...kind, droppedBefore };
  }

  /** Log lines dropped since the last one that was kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Number of the next event. */
  get next(): number {
    return this.#next;
  }

  /** Forgets events up to a number. */
  acknowledge(number: number): void {
    if (this.#events.length > 0) this.#events = this.#events.filter((event) => event.number > number);
  }

  /** Events after a number that were not acknowledged, in order. */
  after(number: number): readonly NumberedEvent[] {
    return this.#events.filter((event) => event.number > number);
  }

  get size(): number {
    return this.#events.length;
  }
}
