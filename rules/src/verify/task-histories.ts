import { type AccountId, accountId, type TopicId } from '@gatepost/shared/vocabulary/ids';
import { reviewedAttempt } from '../run/review-id.js';
import { type AnyEntry, type AttemptHistory, isA, type RunTasks, type TaskHistory } from './history.js';
import type { Messages } from './messages.js';
import { PackedLists } from './packed-lists.js';

/** Tasks that are kept once they were put together. */
const MAX_KEPT_TASKS = 32;

/**
 * Keeps where it stands what was said of the tasks of a run; a task is put together when it is asked for, so that memory
 * holds a few at a time.
 */
export class TaskHistories implements RunTasks {
  readonly #numbers = new Map<string, number>();
  readonly #reviews = new Map<string, string[]>();
  readonly #lists = new PackedLists();
  readonly #kept = new Map<string, TaskHistory>();

  constructor(
    private readonly messages: Messages,
    private readonly agentOf: (inbox: TopicId) => AccountId | undefined,
  ) {}

  add(task: string, { place }: AnyEntry, payment = 0): void {
    let number = this.#numbers.get(task);
    if (number === undefined) {
      number = this.#lists.begin();
      this.#numbers.set(task, number);
      const reviewed = reviewedAttempt(task)?.task;
      if (reviewed !== undefined) this.#reviews.set(reviewed, [...this.reviewsOf(reviewed), task]);
    }
    this.#lists.add(number, place, payment);
  }

  get(task: string): TaskHistory['attempts'] | undefined {
    return this.#task(task)?.attempts;
  }

  *[Symbol.iterator](): Generator<readonly [task: string, attempts: TaskHistory['attempts']]> {
    for (const task of this.#numbers.keys()) {
      const attempts = this.get(task);
      if (attempts !== undefined) yield [task, attempts];
    }
  }

  *values(): Generator<TaskHistory['attempts']> {
    for (const [, attempts] of this) yield attempts;
  }

  reviewsOf(task: string): readonly string[] {
    return this.#reviews.get(task) ?? [];
  }

  isBefore(task: string, other: string): boolean {
    return (this.#numbers.get(task) ?? 0) < (this.#numbers.get(other) ?? 0);
  }

  forget(): void {
    this.#kept.clear();
  }

  #task(task: string): TaskHistory | undefined {
    const kept = this.#kept.get(task);
    const number = this.#numbers.get(task);
    if (kept !== undefined || number === undefined) return kept;
    const made = this.#putTogether(task, number);
    this.#kept.set(task, made);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_TASKS && oldest !== undefined) this.#kept.delete(oldest);
    return made;
  }

  #putTogether(task: string, number: number): TaskHistory {
    const attempts = new Map<number, AttemptHistory>();
    const history: TaskHistory = { task, attempts, facts: undefined };
    const of = (attempt: number): AttemptHistory => {
      const known = attempts.get(attempt) ?? newAttempt(history, attempt);
      attempts.set(attempt, known);
      return known;
    };
    for (const { place, payment } of this.#lists.of(number)) this.#take(of, this.messages.entryAt(place), payment);
    return history;
  }

  #take(of: (attempt: number) => AttemptHistory, entry: AnyEntry, payment: number): void {
    if (isA(entry, 'settled')) {
      const paid = entry.record.payments[payment];
      if (paid === undefined) throw new Error(`${entry.topic}/${entry.sequence} has no payment ${payment}`);
      of(paid.attempt).payments.push({ entry, to: accountId(paid.to), amount: BigInt(paid.amount) });
    } else if (isA(entry, 'assign')) {
      const agent = this.agentOf(entry.topic);
      if (agent !== undefined) of(entry.record.attempt).assignments.push({ entry, agent });
    } else if (isA(entry, 'result')) of(entry.record.attempt).results.push(entry);
    else if (isA(entry, 'verdict')) of(entry.record.attempt).verdicts.push(entry);
    else if (isA(entry, 'timed_out')) of(entry.record.attempt).timedOut.push(entry);
    else if (isA(entry, 'dispute')) of(entry.record.attempt).disputes.push(entry);
    else if (isA(entry, 'decision')) of(entry.record.attempt).decisions.push(entry);
    else throw new Error(`a ${entry.record.type} record says nothing of an attempt`);
  }
}

const newAttempt = (of: TaskHistory, attempt: number): AttemptHistory => ({
  of,
  task: of.task,
  attempt,
  assignments: [],
  results: [],
  verdicts: [],
  timedOut: [],
  payments: [],
  disputes: [],
  decisions: [],
});
