import { MAX_ATTEMPT } from '../vocabulary/id-bounds.js';
import { numberOfTask, numberText, type TaskNames, taskNamed } from './task-names.js';

/** An attempt as records name it. */
export interface ListedAttempt {
  readonly task: string;
  readonly attempt: number;
}

/** Attempts that one message may speak of: a range takes few bytes, what it stands for is bounded all the same. */
export const MAX_LISTED_ATTEMPTS = 2_048;

const PART = String.raw`(?:[1-9]\d{0,6}~)?[1-9]\d{0,6}(?:-[1-9]\d{0,6})?(?:\.[1-9]\d{0,6})?`;

/**
 * Attempts in the shortest words: `3,7-9` are the first attempts of tasks 3, 7, 8 and 9, `7-9.2` their second ones,
 * `1~7` is the first attempt of the review of task 7's first attempt.
 */
export const ATTEMPT_LIST = new RegExp(`^${PART}(?:,${PART})*$`);
/** One attempt in the same words. */
export const ONE_ATTEMPT = /^(?:[1-9]\d{0,6}~)?[1-9]\d{0,6}(?:\.[1-9]\d{0,6})?$/;

const [ZERO, COMMA, HYPHEN, DOT, TILDE] = ['0', ',', '-', '.', '~'].map((mark) => mark.charCodeAt(0)) as Marks;
type Marks = [zero: number, comma: number, hyphen: number, dot: number, tilde: number];

/** One attempt as a message names it. @throws GatepostError INTERNAL for a task without a number */
export const attemptText = ({ task, attempt }: ListedAttempt, names: TaskNames): string =>
  `${numberText(task, names)}${attempt === 1 ? '' : `.${attempt}`}`;

/** Whether an attempt is the first of the task with the number after that of another attempt's; neither is of a review. */
export function isFirstOfNextTask({ task, attempt }: ListedAttempt, before: ListedAttempt, names: TaskNames): boolean {
  if (attempt !== 1) return false;
  const [review, number] = numberOfTask(task, names);
  const [reviewBefore, numberBefore] = numberOfTask(before.task, names);
  return review === '' && reviewBefore === '' && number === numberBefore + 1;
}

/** Counts what a message speaks of. */
export class ListBudget {
  #left = MAX_LISTED_ATTEMPTS;

  /** Whether so many more may be listed. */
  take(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }
}

/** Reads the numbers of a list of the form `ATTEMPT_LIST` one after the other. */
class Numbers {
  #at = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }

  next(): number {
    let number = 0;
    for (; !this.isAtEnd; this.#at += 1) {
      const digit = this.text.charCodeAt(this.#at) - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    return number;
  }

  /** Goes past a mark if it is the next character. */
  skips(mark: number): boolean {
    if (this.text.charCodeAt(this.#at) !== mark) return false;
    this.#at += 1;
    return true;
  }
}

/**
 * What a list of the form `ATTEMPT_LIST` stands for, tasks by id where names tell it; undefined beyond the budget or for a
 * bad range.
 */
export function listedAttempts(
  text: string,
  budget: ListBudget,
  names: TaskNames | undefined,
): ListedAttempt[] | undefined {
  const attempts: ListedAttempt[] = [];
  for (const numbers = new Numbers(text); !numbers.isAtEnd; numbers.skips(COMMA)) {
    let first = numbers.next();
    const review = numbers.skips(TILDE) ? `${first}~` : '';
    if (review !== '') first = numbers.next();
    const last = numbers.skips(HYPHEN) ? numbers.next() : first;
    const attempt = numbers.skips(DOT) ? numbers.next() : 1;
    if (last < first || attempt > MAX_ATTEMPT || !budget.take(last - first + 1)) return undefined;
    for (let task = first; task <= last; task += 1) attempts.push({ task: taskNamed(task, review, names), attempt });
  }
  return attempts;
}
