import { type Environment, requireVariables } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';

/** Connects the arbiter's account to the network that the environment names; sends nothing. @throws as `connectGatekeeper` does. */
export function connectArbiter(env: Environment): Connection {
  const network = networkFromEnvironment(env);
  const found = requireVariables(env, ['ARBITER_ACCOUNT_ID', 'ARBITER_PRIVATE_KEY']);
  const account = accountId(found.ARBITER_ACCOUNT_ID, 'ARBITER_ACCOUNT_ID');
  return connect(network, account, parseAccountKey(found.ARBITER_PRIVATE_KEY, 'ARBITER_PRIVATE_KEY'));
}

/**
 * Connects the gatekeeper's account to the network that the environment names; sends nothing.
 * @param expected the account a configuration names; another one in the environment is a mistake.
 * @throws GatepostError INVALID_CONFIG, INVALID_KEY, USAGE
 */
export function connectGatekeeper(env: Environment, expected?: AccountId): Connection {
  const network = networkFromEnvironment(env);
  const found = requireVariables(env, ['GATEKEEPER_ACCOUNT_ID', 'GATEKEEPER_PRIVATE_KEY']);
  const account = accountId(found.GATEKEEPER_ACCOUNT_ID, 'GATEKEEPER_ACCOUNT_ID');
  if (expected !== undefined && expected !== account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `GATEKEEPER_ACCOUNT_ID is ${account}, but the configuration belongs to ${expected}`,
      { account, expected },
    );
  }
  return connect(network, account, parseAccountKey(found.GATEKEEPER_PRIVATE_KEY, 'GATEKEEPER_PRIVATE_KEY'));
}
