import { join } from 'node:path';
import { readEnvironment, requireVariables } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import type { StageNetwork } from 'gatepost/stage/network';
import type { StageAccount } from 'gatepost/stage/stage';
import { CHECKOUT } from './layout.js';

/** Account and key of each part, coordinator first. */
export const PUBLIC_ACCOUNT_VARIABLES = [
  ['COORDINATOR_ACCOUNT_ID', 'COORDINATOR_PRIVATE_KEY'],
  ['AGENT_1_ACCOUNT_ID', 'AGENT_1_PRIVATE_KEY'],
  ['AGENT_2_ACCOUNT_ID', 'AGENT_2_PRIVATE_KEY'],
] as const;

/** A public network with the funded accounts that `.env` or the environment names. */
export function openPublicNetwork(name: string): { readonly network: StageNetwork; readonly accounts: StageAccount[] } {
  const env = readEnvironment(join(CHECKOUT, '.env'));
  const found = requireVariables(env, PUBLIC_ACCOUNT_VARIABLES.flat());
  const config = networkFromEnvironment({ ...env, GATEPOST_NETWORK: name });
  const network: StageNetwork = {
    env: { GATEPOST_NETWORK: name },
    mirrorRest: config.mirrorRest,
    control: undefined,
    process: undefined,
    operator: undefined,
    close: async () => undefined,
  };
  const accounts = PUBLIC_ACCOUNT_VARIABLES.map(([account, key]) => ({
    account: accountId(found[account], account),
    privateKey: found[key],
  }));
  return { network, accounts };
}
