import type { Clock } from '@gatepost/shared/clock';
import type { WaitKind } from '../../core/awaited.js';

/** Something that a run waits for. */
export interface Wait {
  readonly kind: WaitKind;
  /** For whom: `the network`, `the mirror`. */
  readonly whom: string;
  /** For what, and what was heard last. */
  readonly what: string;
  /** Milliseconds since the Unix epoch. */
  readonly sinceMs: number;
}

/** One wait that is under way. */
export interface OpenWait {
  /** Nothing yet; the reason in words. The first note begins the wait. */
  note(what: string): void;
  end(): void;
}

/** How long something is waited for before it is said. */
const SAY_AFTER_MS = 3_000;
/** How often it is said again. */
const SAY_EVERY_MS = 30_000;

/** What a run waits for outside of itself, said when it takes longer than a moment, and again every half minute. */
export class Waits {
  readonly #open = new Map<OpenWait, Wait>();
  readonly #saidMs = new Map<string, number>();

  constructor(readonly clock: Clock) {}

  /** @param whom in words; left out where the kind is one alone. */
  open(kind: WaitKind, whom = `the ${kind}`): OpenWait {
    const wait: OpenWait = {
      note: (what) => {
        const sinceMs = this.#open.get(wait)?.sinceMs ?? this.clock.nowMs();
        this.#open.set(wait, { kind, whom, what, sinceMs });
      },
      end: () => {
        this.#open.delete(wait);
        // Whoever is waited for again later is told of anew.
        if (![...this.#open.values()].some((other) => other.whom === whom)) this.#saidMs.delete(whom);
      },
    };
    return wait;
  }

  /** Whether somebody is waited for. */
  isOpen(kind: WaitKind): boolean {
    return [...this.#open.values()].some((wait) => wait.kind === kind);
  }

  /** How long each kind has been waited for by now, milliseconds; none that is not waited for. */
  lasting(): ReadonlyMap<WaitKind, number> {
    const nowMs = this.clock.nowMs();
    const longest = new Map<WaitKind, number>();
    for (const { kind, sinceMs } of this.#open.values()) {
      longest.set(kind, Math.max(longest.get(kind) ?? 0, nowMs - sinceMs));
    }
    return longest;
  }

  /** The longest wait for each that is to be said now. */
  due(): readonly Wait[] {
    const nowMs = this.clock.nowMs();
    const longest = new Map<string, Wait>();
    for (const wait of this.#open.values()) {
      const known = longest.get(wait.whom);
      if (known === undefined || wait.sinceMs < known.sinceMs) longest.set(wait.whom, wait);
    }
    const due = [...longest.values()].filter(({ whom, sinceMs }) => {
      const saidMs = this.#saidMs.get(whom);
      return saidMs === undefined ? nowMs - sinceMs >= SAY_AFTER_MS : nowMs - saidMs >= SAY_EVERY_MS;
    });
    for (const { whom } of due) this.#saidMs.set(whom, nowMs);
    return due;
  }
}
