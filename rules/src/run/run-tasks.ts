import { type PackedTask, PackedTasks } from './packed-tasks.js';
import type { TaskState } from './task-state.js';

/**
 * The tasks of a run by id, in the order of the plan, reviews after them. A task that is over is packed, so that memory
 * holds the work that is open and little of what is done. Whoever asks for one by its id has it as an object until
 * something more is folded; what the fold changes in it stays.
 */
export class RunTasks implements ReadonlyMap<string, TaskState> {
  readonly #tasks = new Map<string, TaskState | PackedTask>();
  readonly #packed = new PackedTasks();
  /** Those that may be over, and as what they were packed before if they were. */
  readonly #resting = new Map<string, PackedTask | undefined>();

  get size(): number {
    return this.#tasks.size;
  }

  has(id: string): boolean {
    return this.#tasks.has(id);
  }

  get(id: string): TaskState | undefined {
    const found = this.#tasks.get(id);
    if (found === undefined || isObject(found)) return found;
    const task = this.#packed.unpack(found);
    this.#tasks.set(id, task);
    this.#resting.set(id, found);
    return task;
  }

  /** The same to be looked at only: of one that is over a copy. */
  copyOf(id: string): Readonly<TaskState> | undefined {
    const found = this.#tasks.get(id);
    return found === undefined || isObject(found) ? found : this.#packed.unpack(found);
  }

  add(task: TaskState): void {
    this.#tasks.set(task.spec.id, task);
  }

  /** Something came to its end in a task: it may be packed once the record was folded. */
  rest(id: string): void {
    if (!this.#resting.has(id)) this.#resting.set(id, undefined);
  }

  /** Packs what is over; a record was folded. */
  pack(): void {
    if (this.#resting.size === 0) return;
    for (const [id, before] of this.#resting) {
      const task = this.#tasks.get(id);
      const packed = task === undefined || !isObject(task) ? undefined : this.#packed.pack(task, before);
      if (packed !== undefined) this.#tasks.set(id, packed);
    }
    this.#resting.clear();
  }

  keys(): MapIterator<string> {
    return this.#tasks.keys();
  }

  /** All of them; those that are over as copies, in which nothing may be changed. */
  *values(): MapIterator<TaskState> {
    for (const task of this.#tasks.values()) yield isObject(task) ? task : this.#packed.unpack(task);
  }

  *entries(): MapIterator<[string, TaskState]> {
    for (const task of this.values()) yield [task.spec.id, task];
  }

  [Symbol.iterator](): MapIterator<[string, TaskState]> {
    return this.entries();
  }

  forEach(look: (task: TaskState, id: string, tasks: ReadonlyMap<string, TaskState>) => void): void {
    for (const [id, task] of this.entries()) look(task, id, this);
  }

  /** Those of which something may still become: all but the ones that are packed. */
  *open(): Generator<TaskState> {
    for (const task of this.#tasks.values()) if (isObject(task)) yield task;
  }

  /** Where each of them stands. */
  *statuses(): Generator<TaskState['status']> {
    for (const { status } of this.#tasks.values()) yield status;
  }
}

const isObject = (task: TaskState | PackedTask): task is TaskState => 'attempts' in task;
