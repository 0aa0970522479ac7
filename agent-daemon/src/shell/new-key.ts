import { addToEnvFile } from '@gatepost/shared/config/env-file';
import { ENV_FILE, type Environment, requireVariables } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { evmAddressOf, generateEvmAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/**
 * Makes a key for an account that does not exist yet and keeps it in `.env`; it is not shown.
 * @returns the EVM address to which hbar has to be sent.
 * @throws GatepostError USAGE when there is a key already.
 */
export function makeNewKey(env: Environment): string {
  if (env.AGENT_PRIVATE_KEY !== undefined) {
    throw new GatepostError('USAGE', 'AGENT_PRIVATE_KEY is set already; --new-key would put another in its place');
  }
  const { der, evmAddress } = generateEvmAccountKey();
  addToEnvFile({ AGENT_PRIVATE_KEY: der });
  return evmAddress;
}

/**
 * The environment with the account of the key, which is looked up and kept in `.env` when it is not named.
 * @throws GatepostError NOT_FOUND when no account has the key yet, USAGE when several have.
 */
export async function withAccount(env: Environment): Promise<Environment> {
  if (env.AGENT_ACCOUNT_ID !== undefined) return env;
  if (env.AGENT_PRIVATE_KEY === undefined) requireVariables(env, ['AGENT_ACCOUNT_ID', 'AGENT_PRIVATE_KEY']);
  const key = parseAccountKey(env.AGENT_PRIVATE_KEY ?? '', 'AGENT_PRIVATE_KEY');
  const evmAddress = evmAddressOf(key);
  const found = await new MirrorRest(networkFromEnvironment(env)).accountsOf(key.publicKey.toStringRaw(), evmAddress);
  const [account, ...others] = found.filter(({ deleted }) => deleted !== true).map((entry) => entry.account);
  if (others.length > 0) {
    throw new GatepostError('USAGE', `several accounts have this key, ${account} among them; set AGENT_ACCOUNT_ID`);
  }
  if (account === undefined) {
    const how = evmAddress === undefined ? 'create one with it' : `send some hbar to ${evmAddress}`;
    throw new GatepostError(
      'NOT_FOUND',
      `no account has the key of AGENT_PRIVATE_KEY yet; ${how}, then run init again`,
    );
  }
  addToEnvFile({ AGENT_ACCOUNT_ID: account });
  process.stderr.write(`account ${account} belongs to this key; AGENT_ACCOUNT_ID was added to ${ENV_FILE}\n`);
  return { ...env, AGENT_ACCOUNT_ID: account };
}
