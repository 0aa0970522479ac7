import { availableParallelism } from 'node:os';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import { clipReason } from '@gatepost/shared/records/codec';
import { Semaphore } from '@gatepost/shared/semaphore';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { outputValue } from '../core/work-order.js';
import type { Outputs } from '../outputs/outputs.js';
import type { WorkOrders } from '../outputs/work-orders.js';
import { type AutomaticGates, readReview } from './automatic-gates.js';

const FETCH_PAUSE_MS = 500;

/** Runs gates on outputs, a few at a time. Default deny: what cannot be judged is rejected. */
export class Judging {
  readonly #slots = new Semaphore(Math.max(2, availableParallelism()));

  constructor(
    readonly outputs: Outputs,
    readonly orders: WorkOrders,
    readonly gates: Pick<AutomaticGates, 'run'>,
    /** How long an output may be out of reach. */
    readonly fetchPatienceMs: number,
    readonly clock: Clock,
    readonly signal: AbortSignal,
  ) {}

  async judge(task: TaskState, attempt: Attempt): Promise<GateOutcome> {
    try {
      const output = outputValue(await this.#fetchPatiently(attempt));
      if (task.reviews !== undefined) return readReview(output);
      const input = await this.orders.input(task);
      const seen = { task: task.spec.id, attempt: attempt.number, input, output };
      return await this.#slots.run(() => this.gates.run(task.spec.gates, seen, task.spec.input));
    } catch (thrown) {
      return { accepted: false, gate: 'output', reason: clipReason(toGatepostError(thrown).message) };
    }
  }

  async #fetchPatiently(attempt: Attempt): Promise<Buffer> {
    const end = this.clock.nowMs() + this.fetchPatienceMs;
    for (;;) {
      try {
        return await this.outputs.of(attempt);
      } catch (thrown) {
        const { code } = toGatepostError(thrown, 'AGENT_UNREACHABLE');
        if (code === 'OUTPUT_CORRUPT' || this.clock.nowMs() >= end || this.signal.aborted) throw thrown;
        await pause(this.clock, FETCH_PAUSE_MS, this.signal);
      }
    }
  }
}
