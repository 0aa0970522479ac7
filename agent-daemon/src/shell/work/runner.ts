import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { EventKind } from '../../core/event-log.js';
import { mostOf } from '../../core/usage.js';
import { type ExecutionResult, failed } from '../executors/executor.js';
import type { Blobs } from '../store/blobs.js';
import type { ExecutorRegistry } from './executor-registry.js';
import type { LiveAttempt } from './live-attempt.js';
import type { WorkDirs } from './work-dirs.js';

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
    const { executor, keepWorkDir: keep } = registered;
    let workDir: string | undefined;
    live.usage = undefined;
    try {
      const workOrder = live.input ?? (await this.#workOrder(assignment.inputSha256));
      if (executor.usesWorkDir) workDir = await this.#workDir(keep, executor.makesWorkDir === true);
      return await executor.execute({
        ref: live.ref,
        taskType: assignment.taskType,
        workOrder,
        workDir: workDir ?? '',
        deadlineMs: assignment.deadlineMs,
        signal: live.abort.signal,
        progress: (fraction, message) => sink({ type: 'progress', fraction, message }),
        log: (line) => sink({ type: 'log', line, droppedBefore: 0 }),
        used: (usage) => {
          live.usage = mostOf(live.usage, usage);
        },
      });
    } catch (error) {
      return failed(toGatepostError(error).message);
    } finally {
      if (workDir !== undefined && !keep) void this.workDirs.remove(workDir).catch(() => undefined);
    }
  }

  async #workDir(keep: boolean, isMadeLater: boolean): Promise<string> {
    if (keep) return await this.workDirs.makeKept(this.data);
    return isMadeLater ? this.workDirs.reserve() : await this.workDirs.make();
  }

  async #workOrder(sha256: string): Promise<Uint8Array> {
    const bytes = await this.blobs.get(sha256);
    if (bytes !== undefined) return bytes;
    throw new GatepostError('STORE_FAILED', `the work order ${sha256} is no longer in the store`, { sha256 });
  }
}
