import type { RunState } from '@gatepost/rules/run/run-state';
import { readEnvironment } from '@gatepost/shared/config/environment';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { createLogger, type Logger } from '@gatepost/shared/log';
import type { Command } from 'commander';
import { CONFIG_OPTION, connectCoordinator } from './command.js';

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

/** Gives a command the newest state of a run, and its connection. */
export async function withRun<T>(
  options: RunViewOptions,
  use: (read: () => Promise<RunState>, connection: Connection, log: Logger, stateDir: string) => Promise<T>,
): Promise<T> {
  const env = readEnvironment();
  const { requireConfig } = await import('../shell/setup/config-file.js');
  const config = requireConfig(options.config);
  const connection = await connectCoordinator(env);
  const log = createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn', ...env });
  try {
    const { viewRun } = await import('../shell/run/run-view.js');
    const read = () => viewRun(connection, config, { run: options.run, planFile: options.plan }, log);
    return await use(read, connection, log, config.stateDir);
  } finally {
    connection.close();
  }
}
