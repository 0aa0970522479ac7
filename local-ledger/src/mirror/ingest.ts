import type { RecordItem } from '../core/record-item.js';
import type { Cancel, MirrorClock } from './clock.js';

/**
 * How long after consensus an item shows on the mirror: `fixed` milliseconds, or `record-files`, when a network
 * closes a file every `fileMs` and the mirror has it `importMs` later.
 */
export type MirrorLag =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'record-files'; readonly fileMs: number; readonly importMs: number };

/** At once. */
export const NO_LAG: MirrorLag = { kind: 'fixed', ms: 0 };

/** Record files of 2 s and 2 s of upload and import: 2 to 4 s, as on the public networks. */
export const TESTNET_LAG: MirrorLag = { kind: 'record-files', fileMs: 2000, importMs: 2000 };

interface Pending {
  readonly item: RecordItem;
  dueMs: number;
}

/** The way from consensus to the mirror: keeps the order and applies each item when its lag is over. */
export class Ingest {
  readonly #clock: MirrorClock;
  readonly #apply: (item: RecordItem) => void;
  #lag: MirrorLag;
  #queue: Pending[] = [];
  #cancelTimer: Cancel | undefined;

  constructor(clock: MirrorClock, lag: MirrorLag, apply: (item: RecordItem) => void) {
    this.#clock = clock;
    this.#lag = lag;
    this.#apply = apply;
  }

  get lag(): MirrorLag {
    return this.#lag;
  }

  /** Items that are not on the mirror yet. */
  get pending(): number {
    return this.#queue.length;
  }

  push(item: RecordItem): void {
    const now = this.#clock.elapsedMs();
    const dueMs = Math.max(this.#queue.at(-1)?.dueMs ?? now, dueAt(this.#lag, now));
    if (this.#queue.length === 0 && dueMs <= now) {
      this.#apply(item);
      return;
    }
    this.#queue.push({ item, dueMs });
    if (this.#queue.length === 1) this.#wait();
  }

  /** Changes the lag, also for items that are waiting unless that would delay them further. */
  setLag(lag: MirrorLag): void {
    this.#lag = lag;
    const dueMs = dueAt(lag, this.#clock.elapsedMs());
    for (const pending of this.#queue) pending.dueMs = Math.min(pending.dueMs, dueMs);
    this.#drain();
  }

  /** Forgets what is waiting. */
  close(): void {
    this.#cancelTimer?.();
    this.#queue = [];
  }

  #drain(): void {
    const now = this.#clock.elapsedMs();
    const waiting = this.#queue.findIndex(({ dueMs }) => dueMs > now);
    const due = this.#queue.splice(0, waiting < 0 ? this.#queue.length : waiting);
    for (const { item } of due) this.#apply(item);
    this.#wait();
  }

  #wait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const first = this.#queue[0];
    if (first === undefined) return;
    const delayMs = Math.max(0, Math.ceil(first.dueMs - this.#clock.elapsedMs()));
    this.#cancelTimer = this.#clock.after(delayMs, () => this.#drain());
  }
}

function dueAt(lag: MirrorLag, nowMs: number): number {
  if (lag.kind === 'fixed') return nowMs + lag.ms;
  return (Math.floor(nowMs / lag.fileMs) + 1) * lag.fileMs + lag.importMs;
}
