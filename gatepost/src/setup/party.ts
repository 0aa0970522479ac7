import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { addToEnvFile } from '@gatepost/shared/config/env-file';
import { ENV_FILE, type Environment, type EnvironmentVariable, variablesIn } from '@gatepost/shared/config/environment';
import { generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { accountId } from '@gatepost/shared/vocabulary/ids';

/** The coordinator or an agent: a folder with its key, its account and, later, its configuration. */
export interface Party {
  readonly name: string;
  readonly directory: string;
  readonly variables: { readonly account: EnvironmentVariable; readonly key: EnvironmentVariable };
}

export const coordinatorParty = (directory: string): Party => ({
  name: 'coordinator',
  directory: join(directory, 'coordinator'),
  variables: { account: 'COORDINATOR_ACCOUNT_ID', key: 'COORDINATOR_PRIVATE_KEY' },
});

export const agentParty = (directory: string, number: number): Party => ({
  name: `agent-${number}`,
  directory: join(directory, `agent-${number}`),
  variables: { account: 'AGENT_ACCOUNT_ID', key: 'AGENT_PRIVATE_KEY' },
});

export const envFileOf = ({ directory }: Party): string => join(directory, ENV_FILE);

/** The account a party has already; undefined when it has to be made. */
export function accountOf(party: Party): AccountId | undefined {
  const account = variablesIn(envFileOf(party))[party.variables.account];
  return account === undefined ? undefined : accountId(account, party.variables.account);
}

/**
 * Makes what a party lacks: its key, which is kept before the account is made, and its account. An account that was made
 * and not noted, because its maker died, is found by its key.
 */
export async function provision(
  party: Party,
  operator: Connection,
  network: Environment,
  hbar: number,
): Promise<AccountId> {
  const known = accountOf(party);
  if (known !== undefined) return known;
  // Not for its owner alone: the commands of a root daemon run as another. What is secret in it has modes of its own.
  mkdirSync(party.directory, { recursive: true });
  const file = envFileOf(party);
  let der = variablesIn(file)[party.variables.key];
  let account: AccountId | undefined;
  if (der === undefined) {
    der = generateAccountKey().der;
    addToEnvFile({ ...network, [party.variables.key]: der }, file);
  } else {
    const { publicKey } = parseAccountKey(der, `${party.variables.key} in ${file}`);
    const [found] = await operator.mirror.accountsOf(publicKey.toStringRaw(), undefined);
    account = found === undefined ? undefined : accountId(found.account);
  }
  account ??= await createAccount(operator, parseAccountKey(der, party.variables.key).publicKey, hbar);
  addToEnvFile({ [party.variables.account]: account }, file);
  return account;
}
