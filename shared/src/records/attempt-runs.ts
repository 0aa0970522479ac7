import type { ListedAttempt } from './attempt-list.js';
import type { GrowingText, Growth } from './growing-text.js';
import { numberOfTask, type TaskNames } from './task-names.js';

/** Numbers in a row as they are written: `7`, or `7-9`. */
const rowText = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`);

/** Tasks of one attempt number, and of reviews of one attempt, as rows of numbers. */
class Family {
  /** Rows by their last number and by their first. */
  readonly #firstOf = new Map<number, number>();
  readonly #lastOf = new Map<number, number>();
  readonly #members = new Set<number>();
  /** What is named once more than a row can say. */
  readonly #again: number[] = [];
  readonly #frame: number;

  constructor(
    /** What stands before and after the numbers of each row. */
    private readonly before: string,
    private readonly after: string,
  ) {
    this.#frame = before.length + after.length;
  }

  /** Bytes of the rows around a number, commas included, with and without it. */
  grow(number: number): Growth {
    if (this.#members.has(number)) {
      return { bytes: this.#bytes(number, number), take: () => void this.#again.push(number) };
    }
    const first = this.#firstOf.get(number - 1) ?? number;
    const last = this.#lastOf.get(number + 1) ?? number;
    let bytes = this.#bytes(first, last);
    if (first < number) bytes -= this.#bytes(first, number - 1);
    if (last > number) bytes -= this.#bytes(number + 1, last);
    const take = () => {
      this.#members.add(number);
      this.#firstOf.delete(number - 1);
      this.#lastOf.delete(number + 1);
      this.#firstOf.set(last, first);
      this.#lastOf.set(first, last);
    };
    return { bytes, take };
  }

  #bytes(first: number, last: number): number {
    return this.#frame + rowText(first, last).length + 1;
  }

  rows(): string[] {
    const rows = [...this.#lastOf].sort(([a], [b]) => a - b).map(([first, last]) => rowText(first, last));
    return [...rows, ...this.#again.map(String)].map((row) => `${this.before}${row}${this.after}`);
  }
}

/** A list of attempts in the shortest words, see `ATTEMPT_LIST`; equal ones stay as many as they are. */
export class AttemptRuns implements GrowingText<ListedAttempt> {
  readonly #families = new Map<string, Family>();
  /** As if a comma stood after each row. */
  #bytes = 0;

  constructor(private readonly names: TaskNames) {}

  get bytes(): number {
    return Math.max(0, this.#bytes - 1);
  }

  /** @throws GatepostError INTERNAL for a task without a number */
  grow({ task, attempt }: ListedAttempt): Growth {
    const [review, number] = numberOfTask(task, this.names);
    const after = attempt === 1 ? '' : `.${attempt}`;
    const key = `${review}${after}`;
    const family = this.#families.get(key) ?? new Family(review, after);
    const { bytes, take } = family.grow(number);
    return {
      bytes: bytes - (this.#bytes === 0 ? 1 : 0),
      take: () => {
        take();
        this.#families.set(key, family);
        this.#bytes += bytes;
      },
    };
  }

  text(): string {
    return [...this.#families.values()].flatMap((family) => family.rows()).join(',');
  }
}
