import { GatepostError } from '../vocabulary/errors.js';
import type { AnyRecord } from './schema.js';

/** How the records of a run name its tasks: by number, from 1, in the order of the plan. */
export interface TaskNames {
  readonly numberOf: (task: string) => number | undefined;
  readonly idOf: (number: number) => string | undefined;
}

/** Parts the attempt that a review is of from the task it reviews. No id of a plan holds this character. */
export const REVIEW_MARK = '~';
/** Begins the name of a task of which only the number is known. No id of a plan holds this character. */
const NUMBER_MARK = '#';

/** A task by its number, where its id is not known: `#12`; of a review `1~#12`. */
export const numberedTask = (number: number, review = ''): string => `${review}${NUMBER_MARK}${number}`;

/** The highest number that messages have room for. */
const MAX_TASK_NUMBER = 9_999_999;

/** The name by number of the task after one that is named so; undefined after the last, and after a review. */
export function nextNumbered(numbered: string): string | undefined {
  const next = numbered.startsWith(NUMBER_MARK) ? Number(numbered.slice(1)) + 1 : Infinity;
  return next > MAX_TASK_NUMBER ? undefined : numberedTask(next);
}

/** A task by its id, where that is known. */
export function taskNamed(number: number, review: string, names: TaskNames | undefined): string {
  const id = names?.idOf(number);
  return id === undefined ? numberedTask(number, review) : `${review}${id}`;
}

/** Knows no ids: whoever uses it names tasks by number. */
export const NUMBERS_ALONE: TaskNames = { numberOf: () => undefined, idOf: () => undefined };

/** Numbers tasks in the order of their ids here. */
export function namesOf(ids: readonly string[]): TaskNames {
  const numbers = new Map(ids.map((id, index) => [id, index + 1]));
  return { numberOf: (task) => numbers.get(task), idOf: (number) => ids[number - 1] };
}

/** Numbers tasks as they come, for who assigns without a plan. */
export class CountedNames implements TaskNames {
  readonly #numbers = new Map<string, number>();
  readonly #ids: string[] = [];

  constructor(ids: readonly string[] = []) {
    for (const id of ids) this.numberOf(id);
  }

  numberOf = (task: string): number => {
    const known = this.#numbers.get(task);
    if (known !== undefined) return known;
    this.#numbers.set(task, this.#ids.push(task));
    return this.#ids.length;
  };
  idOf = (number: number): string | undefined => this.#ids[number - 1];
}

/** Parts `1~report` into `1~` and `report`. */
function parted(task: string): [review: string, reviewed: string] {
  const mark = task.indexOf(REVIEW_MARK) + 1;
  return [task.slice(0, mark), task.slice(mark)];
}

/** The number of a task, and what goes before it: `1~` for the review of its first attempt. @throws GatepostError INTERNAL */
export function numberOfTask(task: string, names: TaskNames): [review: string, number: number] {
  const [review, reviewed] = parted(task);
  const number = reviewed.startsWith(NUMBER_MARK) ? Number(reviewed.slice(1)) : names.numberOf(reviewed);
  if (number === undefined) throw new GatepostError('INTERNAL', `task ${task} has no number in the plan of this run`);
  return [review, number];
}

/** What a message calls a task: `12`, or `1~12` for the review of its first attempt. @throws GatepostError INTERNAL */
export const numberText = (task: string, names: TaskNames): string => numberOfTask(task, names).join('');

/** The id that a numbered name stands for; the name itself when that is not known, or when it is an id already. */
export function idOfTask(task: string, names: TaskNames): string {
  const [review, reviewed] = parted(task);
  if (!reviewed.startsWith(NUMBER_MARK)) return task;
  const id = names.idOf(Number(reviewed.slice(1)));
  return id === undefined ? task : `${review}${id}`;
}

/** Names as assignments tell them: the first word on a number counts. */
export class LearntNames implements TaskNames {
  readonly #ids: (string | undefined)[] = [];

  /** @param task and what the assignment says other messages call it. */
  learn(task: string, numbered: string | undefined): void {
    if (numbered === undefined) return;
    const [review, id] = parted(task);
    const [sameReview, mark] = parted(numbered);
    const number = Number(mark.slice(NUMBER_MARK.length));
    if (review === sameReview) this.#ids[number] ??= id;
  }

  idOf = (number: number): string | undefined => this.#ids[number];
  numberOf = (): undefined => undefined;
}

/** The task of an assignment by its id: one that gives a number to another task than the one that bears it is of no task. */
export const assignedTask = (id: string, numbered: string, names: TaskNames): string =>
  idOfTask(numbered, names) === id ? id : numbered;

/** A record as it was read, with its tasks by their ids as far as they are known; see `assignedTask`. */
export function withIds(record: AnyRecord, names: TaskNames): AnyRecord {
  if (record.type === 'settled') {
    return { ...record, payments: record.payments.map((one) => ({ ...one, task: idOfTask(one.task, names) })) };
  }
  if (record.type === 'assign') {
    const { task: id, numbered } = record;
    const task = numbered === undefined ? id : assignedTask(id, numbered, names);
    return task === id ? record : { ...record, task };
  }
  if (!('task' in record) || record.task === undefined) return record;
  const task = idOfTask(record.task, names);
  return task === record.task ? record : { ...record, task };
}
