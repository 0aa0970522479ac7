import type { PublicKey } from '@hashgraph/sdk';
import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { send } from './transaction.js';

/** Creates an account with a key and hbar of the connection's account. Costs $0.05 and the balance. */
export async function createAccount(connection: Connection, key: PublicKey, initialHbar: number): Promise<AccountId> {
  const transaction = new sdk.AccountCreateTransaction()
    .setKeyWithoutAlias(key)
    .setInitialBalance(new sdk.Hbar(initialHbar));
  const { accountId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (accountId === undefined) throw new GatepostError('INTERNAL', 'an account was created but its receipt names none');
  return accountId;
}

/** Sends hbar of the connection's account to an account, or to an EVM address, which makes its account (HIP-583). */
export async function transferHbar(connection: Connection, to: string, hbar: number): Promise<void> {
  const receiver = to.startsWith('0x') ? sdk.AccountId.fromEvmAddress(0, 0, to) : sdk.AccountId.fromString(to);
  const transaction = new sdk.TransferTransaction()
    .addHbarTransfer(connection.account, new sdk.Hbar(-hbar))
    .addHbarTransfer(receiver, new sdk.Hbar(hbar));
  await send(connection, transaction, { maxFeeHbar: 5 });
}
