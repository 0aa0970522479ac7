import { AccountCreateTransaction, Hbar, type PublicKey } from '@hashgraph/sdk';
import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { send } from './transaction.js';

/** Creates an account with a key and hbar of the connection's account. Costs $0.05 and the balance. */
export async function createAccount(connection: Connection, key: PublicKey, initialHbar: number): Promise<AccountId> {
  const transaction = new AccountCreateTransaction().setKeyWithoutAlias(key).setInitialBalance(new Hbar(initialHbar));
  const { accountId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (accountId === undefined) throw new GatepostError('INTERNAL', 'an account was created but its receipt names none');
  return accountId;
}
