import { keyOf } from '@gatepost/rules/run/attempt';
import { clipReason } from '@gatepost/shared/records/codec';

/** gRPC codes of a refusal that ends by itself: the inbox was not read so far, there is no room, the daemon cannot write. */
const PASSING: ReadonlySet<number> = new Set([5, 8, 14]);
/** Any other refusal may come of messages that crossed; repeated so often it is the agent's last word. */
const MAX_REFUSALS = 3;
/** Pause before an attempt is dispatched again; it grows with each refusal that does not end by itself. */
const REDISPATCH_MS = 500;
const GROWTH = 4;

/** An attempt that its agent does not take. */
interface DeclinedAttempt {
  readonly task: string;
  readonly attempt: number;
  readonly reason: string;
}

/** What a refusal leads to: a further dispatch after a pause, nothing since one is planned already, or the end. */
export type Consequence = { readonly retryInMs: number } | 'planned' | 'declined';

/**
 * Refusals of dispatches, and what comes of them. A refused dispatch is followed by refusals of the parts of its input
 * that were under way: until it is dispatched again, only the first counts.
 */
export class Declined {
  readonly attempts = new Map<string, DeclinedAttempt>();
  readonly #refusals = new Map<string, number>();
  readonly #planned = new Set<string>();

  refused(task: string, attempt: number, code: number, message: string): Consequence {
    const key = keyOf(task, attempt);
    if (this.attempts.has(key)) return 'declined';
    if (this.#planned.has(key)) return 'planned';
    const refusals = (this.#refusals.get(key) ?? 0) + (PASSING.has(code) ? 0 : 1);
    this.#refusals.set(key, refusals);
    if (refusals >= MAX_REFUSALS) {
      this.attempts.set(key, { task, attempt, reason: clipReason(message) });
      return 'declined';
    }
    this.#planned.add(key);
    return { retryInMs: REDISPATCH_MS * GROWTH ** Math.max(0, refusals - 1) };
  }

  /** The further dispatch is made now. */
  dispatched(task: string, attempt: number): void {
    this.#planned.delete(keyOf(task, attempt));
  }

  /** The attempt is decided. */
  forget(task: string, attempt: number): void {
    const key = keyOf(task, attempt);
    this.attempts.delete(key);
    this.#refusals.delete(key);
    this.#planned.delete(key);
  }
}
