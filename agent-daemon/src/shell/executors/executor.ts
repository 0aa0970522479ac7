import type { AttemptRef } from '@gatepost/shared/vocabulary/attempt';
import type { ReportedUsage } from '../../core/usage.js';

/** What an executor is asked to do. */
export interface Execution {
  readonly ref: AttemptRef;
  readonly taskType: string;
  /** The work order: canonical JSON of { input, feedback? }, exactly the assigned bytes. */
  readonly workOrder: Uint8Array;
  /** A directory of this attempt alone; empty for an executor that uses none. */
  readonly workDir: string;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
  /** Aborted when the attempt has to stop; the executor returns once nothing of it runs any more. */
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, message: string) => void;
  readonly log: (line: string) => void;
  /** What the agent says that it has used so far. */
  readonly used: (usage: ReportedUsage) => void;
}

/** An output, or why there is none. */
export type ExecutionResult =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** A way to execute task types. */
export interface Executor {
  readonly kind: 'command' | 'http' | 'module' | 'acp';
  /** Whether it needs a working directory of its own for each attempt. */
  readonly usesWorkDir: boolean;
  /** Whether it makes that directory itself, where its work is done: calls that are soon over need not wait for it. */
  readonly makesWorkDir?: boolean;
  execute(execution: Execution): Promise<ExecutionResult>;
  /** Gives back what it holds between executions; nothing is executed afterwards. */
  close?(): Promise<void>;
}

export const failed = (reason: string): ExecutionResult => ({ ok: false, reason });
