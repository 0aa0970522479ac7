import type { Attempt } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { type Json, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  feedbackFor,
  outputValue,
  referencedTasks,
  resolveInput,
  type WorkOrder,
  workOrderBytes,
} from '../core/work-order.js';
import type { Outputs } from './outputs.js';

/** Puts together what agents get as input, out of the plan and accepted outputs. */
export class WorkOrders {
  constructor(
    readonly state: RunState,
    readonly outputs: Outputs,
  ) {}

  /** The order of the next attempt. @throws GatepostError INVALID_PLAN, or as `Outputs.of`. */
  async next(task: TaskState): Promise<WorkOrder> {
    return this.#order(task, undefined);
  }

  /** The bytes of an existing attempt's order, made again: those that its assignment named. */
  async bytesOf(task: TaskState, attempt: Attempt): Promise<Buffer> {
    const bytes = workOrderBytes(await this.#order(task, attempt));
    if (sha256(bytes) === attempt.inputSha256) return bytes;
    throw new GatepostError('INTERNAL', `the input of ${attempt.task}#${attempt.number} cannot be made again`);
  }

  /** The input without feedback, as gates see it. */
  async input(task: TaskState): Promise<Json> {
    if (task.reviews !== undefined) return this.#reviewInput(task.reviews.task, task.reviews.attempt);
    const values = new Map<string, Json>();
    for (const id of referencedTasks(task.spec.input)) {
      values.set(id, outputValue(await this.outputs.accepted(this.state.tasks.get(id))));
    }
    return resolveInput(task.spec.input, (id) => values.get(id) ?? null);
  }

  async #order(task: TaskState, attempt: Attempt | undefined): Promise<WorkOrder> {
    const feedback = feedbackFor(task, attempt);
    return { input: await this.input(task), ...(feedback === undefined ? {} : { feedback }) };
  }

  async #reviewInput(id: string, number: number): Promise<Json> {
    const task = this.state.tasks.get(id);
    const attempt = attemptAt(task, number);
    if (task === undefined || attempt === undefined)
      throw new GatepostError('INTERNAL', `nothing to review: ${id}#${number}`);
    const output = outputValue(await this.outputs.of(attempt));
    return { task: id, attempt: number, input: await this.input(task), output };
  }
}
