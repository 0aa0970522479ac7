import { NANOS_PER_SECOND, type Nanos } from '../vocabulary/time.js';

/** Starts that are remembered so that none is handed out twice: many more than a second takes. */
const REMEMBERED = 10_000;

/** Valid starts that are not later than a time: at random within the second before it, and never one twice. */
export class EarlyStarts {
  readonly #given = new Set<Nanos>();

  /** @param random a whole number from 0 and below another. */
  constructor(private readonly random: (below: number) => number) {}

  next(by: Nanos): Nanos {
    let start = by - BigInt(this.random(Number(NANOS_PER_SECOND)));
    while (this.#given.has(start)) start -= 1n;
    this.#given.add(start);
    for (const oldest of this.#given) {
      if (this.#given.size <= REMEMBERED) break;
      this.#given.delete(oldest);
    }
    return start;
  }
}
