import type { RunState } from '@gatepost/rules/run/run-state';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import type { MirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import { createLogger, type Logger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Command, InvalidArgumentError } from 'commander';
import type { requireConfig } from '../shell/setup/config-file.js';
import { CONFIG_OPTION } from './command.js';

/** Options of commands that look at one run. */
export interface RunViewOptions {
  readonly config: string;
  readonly run?: string;
  readonly plan?: string;
}

/** Adds the options that say which run is meant. */
export const withRunOptions = (command: Command): Command =>
  command
    .option(...CONFIG_OPTION)
    .option('--run <id>', 'which run; the newest of the journal when left out')
    .option('--plan <file>', 'its plan, when this host has not run it');

/** A run as anybody can see it who has the configuration; no key is needed. */
export interface RunView {
  /** The run as the topics tell it now. */
  read(): Promise<RunState>;
  readonly reader: MirrorReader;
  readonly config: ReturnType<typeof requireConfig>;
  readonly log: Logger;
}

/** Parses `--attempt`. @throws InvalidArgumentError */
export function attemptNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('An attempt is a number from 1.');
}

/** A task of a run. @throws GatepostError NOT_FOUND */
export function taskOf(state: RunState, id: string): TaskState {
  const task = state.tasks.get(id);
  if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${state.context.run} has no task ${id}`);
  return task;
}

/** Opens a view of the run that the options name. @throws GatepostError INVALID_CONFIG */
export async function viewOf(options: RunViewOptions): Promise<RunView> {
  const env = readEnvironment();
  // Modules that take long to load come after what may be wrong with the words.
  const { requireConfig } = await import('../shell/setup/config-file.js');
  const { mirrorReader } = await import('@gatepost/shared/hedera/mirror-reader');
  const { viewRun } = await import('../shell/run/run-view.js');
  const config = requireConfig(options.config);
  const log = createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn', ...env });
  const reader = mirrorReader(networkFromEnvironment(env), config.account, log);
  const read = () => viewRun(reader, config, { run: options.run, planFile: options.plan }, log);
  return { read, reader, config, log };
}
