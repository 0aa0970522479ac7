import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { RunState } from '@gatepost/rules/run/run-state';
import { isAccepted, type TaskState } from '@gatepost/rules/run/task-state';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Outputs } from './outputs.js';

/** Writes accepted outputs to the files the plan names. */
export class SavedOutputs {
  /** Absolute paths, by task. */
  readonly files = new Map<string, string>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(
    readonly outputs: Outputs,
    readonly directory: string,
    readonly log: Logger,
  ) {}

  /** Saves a task's output in the background, once it is accepted. */
  save(task: TaskState): void {
    const { id, saveAs } = task.spec;
    if (saveAs === undefined || this.files.has(id) || this.#underWay.has(id)) return;
    const work = this.#write(task, saveAs)
      .catch((thrown: unknown) => this.log.warn({ task: id }, `output not saved: ${toGatepostError(thrown).message}`))
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, work);
  }

  async #write(task: TaskState, saveAs: string): Promise<void> {
    const path = resolve(join(this.directory, saveAs));
    if (!path.startsWith(resolve(this.directory) + sep)) {
      throw new GatepostError('INVALID_PLAN', `save_as of ${task.spec.id} leaves the output directory`);
    }
    const bytes = await this.outputs.accepted(task);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    this.files.set(task.spec.id, path);
  }

  /** Saves whatever is accepted and not yet saved, and waits for it. */
  async finish(state: RunState): Promise<void> {
    for (const task of state.tasks.values()) if (isAccepted(task.status)) this.save(task);
    await Promise.all([...this.#underWay.values()]);
  }
}
