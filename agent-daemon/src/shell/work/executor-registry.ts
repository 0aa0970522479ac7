import type { Executor } from '../executors/executor.js';

/** An executor and what its configuration says of restarts. */
export interface Registered {
  readonly executor: Executor;
  /** What a restarted daemon does with an attempt that was running. */
  readonly restart: 'rerun' | 'lost';
  readonly keepWorkDir: boolean;
}

/** Task type -> executor. */
export type ExecutorRegistry = ReadonlyMap<string, Registered>;
