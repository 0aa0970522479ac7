/** Most words that are kept for attempts that did not come into sight yet; what comes beyond them is lost. */
const MOST_EARLY_WORDS = 1_000;

/**
 * What agents say of attempts whose assignment was not folded yet: a session is faster than the ledger. Each is told once
 * its attempt has come into sight.
 */
export class EarlyWords {
  readonly #held = new Map<string, (() => void)[]>();
  #count = 0;

  /** @param key of the attempt. @param tell what to do with the word then. */
  hold(key: string, tell: () => void): void {
    if (this.#count >= MOST_EARLY_WORDS) return;
    this.#count += 1;
    const words = this.#held.get(key);
    if (words === undefined) this.#held.set(key, [tell]);
    else words.push(tell);
  }

  /** The attempt has come into sight, or never will. */
  release(key: string): void {
    const words = this.#held.get(key) ?? [];
    this.#held.delete(key);
    this.#count -= words.length;
    for (const tell of words) tell();
  }
}
