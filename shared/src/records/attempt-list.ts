import { MAX_ATTEMPT } from '../vocabulary/id-bounds.js';
import { numberedTask, numberText, type TaskNames } from './task-names.js';

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

const PARTED = /^((?:\d+~)?)(\d+)(?:-(\d+))?(?:\.(\d+))?$/;

/** One attempt as a message names it. @throws GatepostError INTERNAL for a task without a number */
export const attemptText = ({ task, attempt }: ListedAttempt, names: TaskNames): string =>
  `${numberText(task, names)}${attempt === 1 ? '' : `.${attempt}`}`;

/** Counts what a message speaks of. */
export class ListBudget {
  #left = MAX_LISTED_ATTEMPTS;

  /** Whether so many more may be listed. */
  take(count: number): boolean {
    this.#left -= count;
    return this.#left >= 0;
  }
}

/** What a list of the form `ATTEMPT_LIST` stands for, tasks by number; undefined beyond the budget or for a bad range. */
export function listedAttempts(text: string, budget: ListBudget): ListedAttempt[] | undefined {
  const attempts: ListedAttempt[] = [];
  for (const part of text.split(',')) {
    const [, review = '', first = '', last = first, number = '1'] = PARTED.exec(part) ?? [];
    const [from, to, attempt] = [Number(first), Number(last), Number(number)];
    if (to < from || attempt > MAX_ATTEMPT || !budget.take(to - from + 1)) return undefined;
    for (let task = from; task <= to; task += 1) attempts.push({ task: numberedTask(task, review), attempt });
  }
  return attempts;
}
