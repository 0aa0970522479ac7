/** What is left to somebody, and when that was. */
interface Allowance {
  left: number;
  atMs: number;
}

/**
 * Bounds how much each of several parties may ask in a time: at most `most` at once, and as many per minute in the long
 * run. What is kept is one allowance for each party that ever asked: parties are the tokens of a file.
 */
export class RequestRate {
  readonly #allowances = new Map<string, Allowance>();

  constructor(private readonly most: number) {}

  /** Takes one from a party's allowance; when there is none, says in how many milliseconds there is one. */
  take(party: string, nowMs: number): number | undefined {
    const known = this.#allowances.get(party) ?? { left: this.most, atMs: nowMs };
    const perMs = this.most / MINUTE_MS;
    const left = Math.min(this.most, known.left + Math.max(0, nowMs - known.atMs) * perMs);
    if (left < 1) return Math.ceil((1 - left) / perMs);
    this.#allowances.set(party, { left: left - 1, atMs: nowMs });
    return undefined;
  }
}

const MINUTE_MS = 60_000;
