import { existsSync } from 'node:fs';
import { type Confinement, closedToCommand, type DaemonFiles } from '@gatepost/shared/confinement/confinement';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Limits } from '../../config/daemon-config.js';
import type { Executors } from '../../config/executors.js';
import { type ExecutorSettings, exitsOf, programOf } from '../../config/executors-schema.js';
import type { ExecutorRegistry } from '../work/executor-registry.js';
import { AcpExecutor } from './acp/acp-executor.js';
import { CommandExecutor } from './command-executor.js';
import { DiscreetExecutor } from './discreet-executor.js';
import type { Executor } from './executor.js';
import { HttpExecutor } from './http-executor.js';
import { ModuleExecutor } from './module-executor.js';
import type { Spawner } from './spawner.js';

/** What executors are given by the daemon they belong to. */
export interface ExecutorHost {
  readonly limits: Limits;
  /** Prefix of the markers of its processes. */
  readonly markerPrefix: string;
  readonly confinement: Confinement;
  readonly files: DaemonFiles;
  readonly spawner: Spawner;
}

function executorFor(settings: ExecutorSettings, host: ExecutorHost): Executor {
  const { limits } = host;
  if (settings.http !== undefined) return new HttpExecutor(settings.http, limits);
  if (settings.module !== undefined) return new ModuleExecutor(settings.module, settings.env, settings.usage, limits);
  if (settings.acp !== undefined) return new AcpExecutor({ ...settings, command: settings.acp }, host);
  return new CommandExecutor({ ...settings, command: settings.command ?? [] }, host);
}

/** What this host cannot give an executor, in words. */
export function shortcoming(
  settings: ExecutorSettings,
  { mechanism, lacking }: Confinement,
  files: DaemonFiles,
): string | undefined {
  if (settings.confine === 'required' && mechanism !== 'bubblewrap') {
    return `confine: required, but this host cannot: ${lacking}; install bubblewrap, or set confine: auto`;
  }
  const exits = exitsOf(settings);
  if (exits !== undefined && (settings.confine === 'none' || mechanism !== 'bubblewrap')) {
    const why = settings.confine === 'none' ? 'confine: none lets it reach everything' : `this host cannot: ${lacking}`;
    return `network names places, but ${why}; ${settings.confine === 'none' ? 'leave confine out' : 'install bubblewrap'}, or set network: true`;
  }
  const missing = [...settings.read, ...settings.write].filter((path) => !existsSync(path));
  if (missing.length > 0) return `no such file or directory: ${missing.join(', ')}`;
  const { confine } = settings;
  const command = programOf(settings);
  if (command === undefined || confine === 'none' || mechanism === 'none') return undefined;
  return closedToCommand({ ...settings, network: settings.network === true, command }, files);
}

/**
 * Makes the executors that a configuration names.
 * @throws GatepostError INVALID_CONFIG naming every executor that this host cannot run as it is asked to.
 */
export function buildRegistry(executors: Executors, host: ExecutorHost): ExecutorRegistry {
  const entries = Object.entries(executors);
  const problems = entries.flatMap(([taskType, settings]) => {
    const problem = shortcoming(settings, host.confinement, host.files);
    return problem === undefined ? [] : [`executors.${taskType}: ${problem}`];
  });
  if (problems.length > 0) throw new GatepostError('INVALID_CONFIG', problems.join('\n'));
  const made = (settings: ExecutorSettings) => executorFor(settings, host);
  return new Map(
    entries.map(([taskType, settings]) => [
      taskType,
      {
        executor: settings.env.length === 0 ? made(settings) : new DiscreetExecutor(made(settings), settings.env),
        restart: settings.restart,
        keepWorkDir: settings.keep_work_dir,
      },
    ]),
  );
}
