import type { Limits } from '../../config/daemon-config.js';
import type { Executors } from '../../config/executors.js';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import type { ExecutorRegistry } from '../work/executor-registry.js';
import { CommandExecutor } from './command-executor.js';
import type { Executor } from './executor.js';
import { HttpExecutor } from './http-executor.js';
import { ModuleExecutor } from './module-executor.js';

function executorFor(settings: ExecutorSettings, limits: Limits, markerPrefix: string): Executor {
  if (settings.http !== undefined) return new HttpExecutor(settings.http, limits);
  if (settings.module !== undefined) return new ModuleExecutor(settings.module, settings.env, settings.usage, limits);
  return new CommandExecutor({ ...settings, command: settings.command ?? [] }, limits, markerPrefix);
}

/** Makes the executors that a configuration names. */
export function buildRegistry(executors: Executors, limits: Limits, markerPrefix: string): ExecutorRegistry {
  return new Map(
    Object.entries(executors).map(([taskType, settings]) => [
      taskType,
      {
        executor: executorFor(settings, limits, markerPrefix),
        restart: settings.restart,
        keepWorkDir: settings.keep_work_dir,
      },
    ]),
  );
}
