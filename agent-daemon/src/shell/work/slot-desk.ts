import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import { Admission, type Load } from '../../core/admission.js';
import { type Refusal, refusal } from '../../core/refusal.js';
import type { EngineParts } from './engine-parts.js';
import type { LiveAttempt } from './live-attempt.js';

/** What becomes of attempts at the desk. */
export interface SlotDeskHandlers {
  find(key: string): LiveAttempt | undefined;
  queued(live: LiveAttempt, before: number): void;
  granted(live: LiveAttempt): void;
  loadChanged(load: Load): void;
}

/** Lets attempts with everything at hand into the queue and from there into the slots, while there is room. */
export class SlotDesk {
  readonly #admission: Admission;
  /** Attempts with everything at hand that found the queue full. */
  readonly #backlog = new Set<string>();
  /** Dispatched attempts whose input is being written. */
  #entering = 0;
  #closed = false;

  constructor(
    private readonly parts: Pick<EngineParts, 'limits' | 'store' | 'poster'>,
    private readonly handlers: SlotDeskHandlers,
  ) {
    this.#admission = new Admission(parts.limits.slots, parts.limits.queue);
  }

  get load(): Load {
    return this.#admission.load;
  }

  /** The attempts that run or wait for a slot. */
  working(): readonly AttemptRef[] {
    return this.#admission.keys().flatMap((key) => this.handlers.find(key)?.ref ?? []);
  }

  /** Nothing new is let in any more. */
  close(): void {
    this.#closed = true;
  }

  /** Why nothing new is taken in at the moment; undefined when there is room. */
  noRoom(): Refusal | undefined {
    const { poster, limits, store } = this.parts;
    if (this.#closed) return refusal('UNAVAILABLE', 'the daemon stops');
    if (!store.healthy) return refusal('UNAVAILABLE', 'the store of the daemon cannot be written; its log says why');
    if (poster.pending >= limits.unreported) {
      return refusal('RESOURCE_EXHAUSTED', `${poster.pending} records wait for the ledger already`);
    }
    if (this.#admission.room > this.#entering) return undefined;
    return refusal('RESOURCE_EXHAUSTED', 'every slot and every place in the queue is taken');
  }

  /** Holds a place for an attempt while something of it is written, then lets it in there before anybody else can take it. */
  async holding(live: LiveAttempt, write: () => Promise<void>): Promise<void> {
    this.#entering += 1;
    let written = false;
    try {
      await write();
      written = true;
    } finally {
      this.#entering -= 1;
      this.pump(written ? live : undefined);
    }
  }

  /** Lets an attempt in now or when there is room. */
  enter(key: string): void {
    this.#backlog.add(key);
    this.pump();
  }

  /** An attempt has left its slot, the queue, or the backlog. */
  leave(key: string): void {
    this.#admission.leave(key);
    this.#backlog.delete(key);
    this.pump();
  }

  /** Lets an attempt with a held place in, then moves others from the backlog to the queue and from the queue to the slots. */
  pump(first?: LiveAttempt): void {
    const before = this.#admission.load;
    if (first !== undefined) this.#admit(first);
    for (const key of this.#backlog) {
      if (this.noRoom() !== undefined) break;
      this.#backlog.delete(key);
      const live = this.handlers.find(key);
      if (live !== undefined) this.#admit(live);
    }
    this.#grant();
    const { load } = this.#admission;
    if (load.running !== before.running || load.queued !== before.queued) this.handlers.loadChanged(load);
  }

  #admit(live: LiveAttempt): void {
    if (live.attempt.phase !== 'assigned') return;
    const admitted = this.#admission.offer(live.key);
    if (admitted === 'full') {
      this.#backlog.add(live.key);
      return;
    }
    this.handlers.queued(live, admitted.queuedBefore);
    this.#grant();
  }

  #grant(): void {
    while (!this.#closed) {
      const key = this.#admission.grantNext();
      const live = key === undefined ? undefined : this.handlers.find(key);
      if (live === undefined) return;
      this.handlers.granted(live);
    }
  }
}
