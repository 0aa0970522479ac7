import { type Environment, requireVariables } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';

/**
 * Connects the agent's account to the network that the environment names; sends nothing.
 * @param expected the account a configuration names; another one in the environment is a mistake.
 * @throws GatepostError INVALID_CONFIG, INVALID_KEY, USAGE
 */
export function connectAgent(env: Environment, expected?: AccountId): Connection {
  const network = networkFromEnvironment(env);
  const found = requireVariables(env, ['AGENT_ACCOUNT_ID', 'AGENT_PRIVATE_KEY']);
  const account = accountId(found.AGENT_ACCOUNT_ID, 'AGENT_ACCOUNT_ID');
  if (expected !== undefined && expected !== account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `AGENT_ACCOUNT_ID is ${account}, but the configuration belongs to ${expected}`,
      { account, expected },
    );
  }
  return connect(network, account, parseAccountKey(found.AGENT_PRIVATE_KEY, 'AGENT_PRIVATE_KEY'));
}
