import { lstatSync, type Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Outputs } from '@gatepost/party/outputs/outputs';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { RunState } from '@gatepost/rules/run/run-state';
import { isAccepted, type TaskState } from '@gatepost/rules/run/task-state';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { writeInside } from './write-inside.js';

function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GatepostError(
      'STORE_FAILED',
      `${path} cannot be looked at: ${(error as Error).message}`,
      { path },
      error,
    );
  }
}

/**
 * What stands in the way of saving a file below a directory; undefined when nothing does. Links below it are not
 * followed: what a plan saves stays within the directory that was named for it.
 * @throws GatepostError STORE_FAILED
 */
function obstacle(directory: string, file: string): string | undefined {
  const parts = file.split('/');
  for (const [index] of parts.entries()) {
    const path = join(directory, ...parts.slice(0, index + 1));
    const found = entryAt(path);
    if (found === undefined) return undefined;
    const isLast = index === parts.length - 1;
    if (found.isSymbolicLink()) return `${path} is a symbolic link, which is not followed`;
    if (isLast && !found.isFile()) return `${path} is ${found.isDirectory() ? 'a directory' : 'no file'}`;
    if (!isLast && !found.isDirectory()) return `${path} is no directory`;
  }
  return undefined;
}

/**
 * Looks before the run at the places of the outputs that a plan saves.
 * @throws GatepostError USAGE that names all that are taken; STORE_FAILED.
 */
export function checkSavePlaces(plan: Plan, directory: string): void {
  const taken = plan.tasks.flatMap(({ id, saveAs }) => {
    const why = saveAs === undefined ? undefined : obstacle(resolve(directory), saveAs);
    return why === undefined ? [] : [`the output of ${id} cannot be saved: ${why}`];
  });
  if (taken.length === 0) return;
  throw new GatepostError(
    'USAGE',
    `${taken.join('\n')}\nnothing was started; mend that and run the same command again`,
  );
}

/** Writes accepted outputs to the files the plan names. */
export class SavedOutputs {
  /** Absolute paths, by task. */
  readonly files = new Map<string, string>();
  /** Why an accepted output is not on the disk, by task. */
  readonly missing = new Map<string, string>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #directory: string;

  constructor(
    readonly outputs: Outputs,
    directory: string,
    readonly log: Logger,
  ) {
    this.#directory = resolve(directory);
  }

  /** Saves a task's output in the background, once it is accepted. */
  save(task: TaskState): void {
    const { id, saveAs } = task.spec;
    if (saveAs === undefined || this.files.has(id) || this.#underWay.has(id)) return;
    const work = this.#write(task, saveAs)
      .catch((thrown: unknown) => {
        const why = toGatepostError(thrown).message;
        this.log.warn({ task: id }, `output not saved: ${why}`);
        this.missing.set(id, `${saveAs}: ${why}`);
      })
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, work);
  }

  /** The file appears whole or not at all; what lies in its way by now is told as before the run. */
  async #write(task: TaskState, saveAs: string): Promise<void> {
    const bytes = await this.outputs.accepted(task);
    const why = obstacle(this.#directory, saveAs);
    if (why !== undefined) throw new GatepostError('STORE_FAILED', why);
    try {
      this.files.set(task.spec.id, writeInside(this.#directory, saveAs, bytes));
    } catch (error) {
      const path = join(this.#directory, saveAs);
      throw new GatepostError('STORE_FAILED', `cannot write: ${(error as Error).message}`, { path }, error);
    }
    this.missing.delete(task.spec.id);
  }

  /** Saves whatever is accepted and not yet saved, and waits for it. */
  async finish(state: RunState): Promise<void> {
    for (const task of state.tasks.values()) if (isAccepted(task.status)) this.save(task);
    await Promise.all([...this.#underWay.values()]);
  }
}
