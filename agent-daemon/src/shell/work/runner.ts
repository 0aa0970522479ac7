import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { EventKind } from '../../core/event-log.js';
import { mostOf } from '../../core/usage.js';
import { type ExecutionResult, failed } from '../executors/executor.js';
import type { Blobs } from '../store/blobs.js';
import type { ExecutorRegistry, Registered } from './executor-registry.js';
import type { LiveAttempt } from './live-attempt.js';
import type { WorkDirs } from './work-dirs.js';

/** The working directory of an attempt, and what is done when that is over. */
interface WorkDir {
  readonly path: string;
  /** @param hasEnded whether the attempt came to its own end; a thread that was ended may act for another moment. */
  readonly over: (hasEnded: boolean) => Promise<void>;
}

/** Runs one attempt from its work order to its output. */
export class Runner {
  constructor(
    private readonly registry: ExecutorRegistry,
    private readonly blobs: Blobs,
    private readonly workDirs: WorkDirs,
    private readonly data: string,
  ) {}

  /** Never rejects: what goes wrong here is the attempt's failure. */
  async run(live: LiveAttempt, sink: (kind: EventKind) => void): Promise<ExecutionResult> {
    const { assignment } = live.attempt;
    const registered = this.registry.get(assignment.taskType);
    if (registered === undefined) return failed(`no executor for ${assignment.taskType}`);
    const { executor } = registered;
    let workDir: WorkDir | undefined;
    let hasEnded = false;
    live.usage = undefined;
    try {
      const workOrder = live.input ?? (await this.#workOrder(assignment.inputSha256));
      if (executor.usesWorkDir) workDir = await this.#workDir(assignment.taskType, registered);
      const result = await executor.execute({
        ref: live.ref,
        taskType: assignment.taskType,
        workOrder,
        workDir: workDir?.path ?? '',
        deadlineMs: assignment.deadlineMs,
        signal: live.abort.signal,
        progress: (fraction, message) => sink({ type: 'progress', fraction, message }),
        log: (line) => sink({ type: 'log', line, droppedBefore: 0 }),
        used: (usage) => {
          live.usage = mostOf(live.usage, usage);
        },
      });
      hasEnded = result.ok;
      return result;
    } catch (error) {
      return failed(toGatepostError(error).message);
    } finally {
      void workDir?.over(hasEnded).catch(() => undefined);
    }
  }

  async #workDir(taskType: string, { executor, keepWorkDir }: Registered): Promise<WorkDir> {
    if (keepWorkDir) return { path: await this.workDirs.makeKept(this.data), over: async () => undefined };
    if (executor.makesWorkDir === true) {
      const path = this.workDirs.borrow(taskType);
      const over = (hasEnded: boolean) =>
        hasEnded ? this.workDirs.giveBack(taskType, path) : this.workDirs.remove(path);
      return { path, over };
    }
    const path = await this.workDirs.make();
    return { path, over: () => this.workDirs.remove(path) };
  }

  async #workOrder(sha256: string): Promise<Uint8Array> {
    const bytes = await this.blobs.get(sha256);
    if (bytes !== undefined) return bytes;
    throw new GatepostError('STORE_FAILED', `the work order ${sha256} is no longer in the store`, { sha256 });
  }
}
