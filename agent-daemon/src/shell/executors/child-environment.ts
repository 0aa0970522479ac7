import { variablesFor } from '@gatepost/shared/config/environment';
import { MARKER_VARIABLE } from '@gatepost/shared/process-tree';
import type { Execution } from './executor.js';

/** What every executor's process may see of ours. */
const BASIC = ['PATH', 'LANG', 'LC_ALL', 'TZ'];

/**
 * The environment of an executor's process: the basic variables, those its configuration allows by name, and what
 * names the attempt. Never the daemon's keys.
 * @throws GatepostError INVALID_CONFIG when a key is allowed by name.
 */
export function childEnvironment(
  execution: Execution,
  allowed: readonly string[],
  marker: string,
): Record<string, string> {
  const { ref, taskType, workDir } = execution;
  return {
    HOME: workDir,
    TMPDIR: workDir,
    ...variablesFor([...BASIC, ...allowed]),
    GATEPOST_RUN: ref.run,
    GATEPOST_TASK: ref.task,
    GATEPOST_ATTEMPT: String(ref.attempt),
    GATEPOST_TASK_TYPE: taskType,
    GATEPOST_WORK_DIR: workDir,
    [MARKER_VARIABLE]: marker,
  };
}
