import type { Clock } from '../../clock.js';
import { GatepostError } from '../../vocabulary/errors.js';
import type { TopicId } from '../../vocabulary/ids.js';
import { type Nanos, nanosFromMs } from '../../vocabulary/time.js';
import { Waiters } from '../../waiters.js';
import type { Cursor, TopicMessage } from '../topic-message.js';
import type { Conditions } from './conditions.js';
import type { Entities } from './entities.js';

/** What a mirror looks at. */
interface Shown {
  readonly clock: Clock;
  readonly conditions: Conditions;
  readonly entities: Entities;
  chance(share: number): boolean;
}

/** What the mirror of a network in memory shows: over REST and in streams a prefix by consensus time each. */
export class MirrorView {
  readonly #news = new Waiters();
  readonly #stalled = new Set<TopicId>();
  #restUntil: Nanos = 0n;
  readonly #streamUntil = new Map<TopicId, Nanos>();

  constructor(readonly network: Shown) {}

  /** Something may have come into sight. */
  changed(): void {
    this.#news.release();
  }

  /** Streams of a topic bring nothing while they stall; REST goes on. */
  stall(topic: TopicId, stalled: boolean): void {
    if (stalled) this.#stalled.add(topic);
    else this.#stalled.delete(topic);
    this.changed();
  }

  /** Up to where REST shows what happened; it never goes back. @throws GatepostError MIRROR_UNREACHABLE */
  restUntil(): Nanos {
    const { conditions, clock } = this.network;
    if (conditions.mirrorAway || this.network.chance(conditions.mirrorErrors)) {
      throw new GatepostError('MIRROR_UNREACHABLE', 'no answer from the mirror');
    }
    const until = nanosFromMs(clock.nowMs() - conditions.restLagMs + 1) - 1n;
    if (until > this.#restUntil) this.#restUntil = until;
    return this.#restUntil;
  }

  /** The next message of a stream, when it can be seen; else how long to wait for it, without end when nothing is there. */
  streamed(topic: TopicId, after: Cursor): { readonly message: TopicMessage } | { readonly inMs: number } {
    const { conditions, clock, entities } = this.network;
    const message = entities.topics.get(topic)?.after(after);
    if (message === undefined || conditions.mirrorAway || this.#stalled.has(topic)) return { inMs: Infinity };
    const nowMs = clock.nowMs();
    const until = nanosFromMs(nowMs - conditions.streamLagMs + 1) - 1n;
    const shown = this.#streamUntil.get(topic) ?? 0n;
    if (until > shown) this.#streamUntil.set(topic, until);
    const behind = message.consensusTimestamp - (until > shown ? until : shown);
    return behind <= 0n ? { message } : { inMs: Math.max(1, Math.ceil(Number(behind) / 1_000_000)) };
  }

  /** Resolves when something may have come into sight. */
  news(): Promise<void> {
    return this.#news.wait();
  }
}
