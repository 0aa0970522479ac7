import {
  AccountCreateTransaction,
  Hbar,
  type PublicKey,
  AccountId as SdkAccountId,
  TransferTransaction,
} from '@hashgraph/sdk';
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

/** Sends hbar of the connection's account to an account, or to an EVM address, which makes its account (HIP-583). */
export async function transferHbar(connection: Connection, to: string, hbar: number): Promise<void> {
  const receiver = to.startsWith('0x') ? SdkAccountId.fromEvmAddress(0, 0, to) : SdkAccountId.fromString(to);
  const transaction = new TransferTransaction()
    .addHbarTransfer(connection.account, new Hbar(-hbar))
    .addHbarTransfer(receiver, new Hbar(hbar));
  await send(connection, transaction, { maxFeeHbar: 5 });
}
