import type { Exit } from '@gatepost/shared/cli/run-program';
import { type Environment, requireVariables } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import type { Command } from 'commander';

/** Adds one command to the program. */
export type AddCommand = (program: Command, exit: Exit) => void;

export const CONFIG_OPTION = ['--config <file>', 'configuration file', 'coordinator.yaml'] as const;

export const ENVIRONMENT_HELP = `
Environment (or .env in the working directory):
  COORDINATOR_ACCOUNT_ID, COORDINATOR_PRIVATE_KEY   account of the coordinator
  GATEPOST_NETWORK                                  local, testnet, previewnet or mainnet`;

/** For commands that only read. */
export const READING_HELP = `
Needs no key: it reads the network's public mirror.
Environment (or .env in the working directory):
  GATEPOST_NETWORK                                  local, testnet, previewnet or mainnet`;

/**
 * Connects the coordinator's account.
 * @throws GatepostError INVALID_CONFIG naming all missing variables, INVALID_KEY.
 */
export async function connectCoordinator(env: Environment): Promise<Connection> {
  const variables = requireVariables(env, ['COORDINATOR_ACCOUNT_ID', 'COORDINATOR_PRIVATE_KEY']);
  const network = networkFromEnvironment(env);
  // The SDK takes half a second to load; a command that fails before should not wait for it.
  const { parseAccountKey } = await import('@gatepost/shared/hedera/account-key');
  const { connect } = await import('@gatepost/shared/hedera/connection');
  const account = accountId(variables.COORDINATOR_ACCOUNT_ID, 'COORDINATOR_ACCOUNT_ID');
  return connect(network, account, parseAccountKey(variables.COORDINATOR_PRIVATE_KEY, 'COORDINATOR_PRIVATE_KEY'));
}

/** Collects the values of an option that may be given several times. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];
