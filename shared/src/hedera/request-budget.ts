import { setTimeout as sleep } from 'node:timers/promises';
import pThrottle from 'p-throttle';

/** How long nothing is asked of a mirror that is busy and does not say how long. */
const BUSY_MS = 1_000;
/** Longest time that a mirror's word is heeded. */
const MAX_BUSY_MS = 60_000;
const MS_PER_SECOND = 1_000;

/** What a `Retry-After` header asks for (RFC 9110): seconds, or a date. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * MS_PER_SECOND : Date.parse(text) - nowMs;
  return Number.isNaN(asked) ? BUSY_MS : Math.min(Math.max(asked, 0), MAX_BUSY_MS);
}

/** What all callers in this process may ask of one mirror together. */
export class RequestBudget {
  readonly #turn: () => Promise<void>;
  #busyUntilMs = 0;

  /** @param perSecond unbounded when left out. */
  constructor(perSecond?: number) {
    const atOnce = async () => undefined;
    this.#turn =
      perSecond === undefined ? atOnce : pThrottle({ limit: perSecond, interval: MS_PER_SECOND, strict: true })(atOnce);
  }

  /** Resolves when a request may be sent. */
  async turn(): Promise<void> {
    await this.#turn();
    for (let left = this.#leftMs(); left > 0; left = this.#leftMs()) await sleep(left);
  }

  #leftMs(): number {
    return this.#busyUntilMs - performance.now();
  }

  /** The mirror was too busy for a request; nobody asks it for a while. */
  refused(retryAfter: string | undefined): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, performance.now() + retryAfterMs(retryAfter, Date.now()));
  }
}

/** By base URL of the mirror. */
const budgets = new Map<string, RequestBudget>();

/**
 * The budget of this process for a mirror.
 * @param perSecond unbounded when left out; of the first who asks.
 */
export function budgetFor(mirrorRest: string, perSecond?: number): RequestBudget {
  const known = budgets.get(mirrorRest);
  if (known !== undefined) return known;
  const made = new RequestBudget(perSecond);
  budgets.set(mirrorRest, made);
  return made;
}
