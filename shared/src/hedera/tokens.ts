import type { TransferTransaction } from '@hashgraph/sdk';
import type { Payee } from '../ledger/payee.js';
import type { TokenAmount } from '../vocabulary/amount.js';
import { GatepostError } from '../vocabulary/errors.js';
import type { TokenId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { rejectionStatus, send } from './transaction.js';

export interface TokenOptions {
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  /** In the smallest unit; goes to the treasury, the connection's account. */
  readonly initialSupply: TokenAmount;
  /** Whether nobody can ever mint, take, freeze or change it: it has no keys, and no more than the initial supply. */
  readonly keyless?: boolean;
}

/** Creates a fungible token, with a supply key or with none at all, treasury the connection's account. Costs $1. */
export async function createToken(connection: Connection, options: TokenOptions): Promise<TokenId> {
  const transaction = new sdk.TokenCreateTransaction()
    .setTokenName(options.name)
    .setTokenSymbol(options.symbol)
    .setDecimals(options.decimals)
    .setInitialSupply(options.initialSupply)
    .setTreasuryAccountId(connection.account);
  if (options.keyless === true)
    transaction.setSupplyType(sdk.TokenSupplyType.Finite).setMaxSupply(options.initialSupply);
  else transaction.setSupplyKey(connection.key.publicKey);
  const { tokenId } = await send(connection, transaction, { maxFeeHbar: 60 });
  if (tokenId === undefined) throw new GatepostError('INTERNAL', 'a token was created but its receipt names none');
  return tokenId;
}

/** Associates the connection's account with a token; false when it already was. Costs $0.05. */
export async function associateToken(connection: Connection, token: TokenId): Promise<boolean> {
  const transaction = new sdk.TokenAssociateTransaction().setAccountId(connection.account).setTokenIds([token]);
  try {
    await send(connection, transaction, { maxFeeHbar: 5 });
    return true;
  } catch (error) {
    if (rejectionStatus(error) === 'TOKEN_ALREADY_ASSOCIATED_TO_ACCOUNT') return false;
    throw error;
  }
}

/** A transfer of the connection's tokens to payees, each named once; not yet prepared. */
export function tokenTransfer(connection: Connection, token: TokenId, payees: readonly Payee[]): TransferTransaction {
  const transaction = new sdk.TransferTransaction();
  let total = 0n;
  for (const { to, amount } of payees) {
    transaction.addTokenTransfer(token, to, amount);
    total += amount;
  }
  return transaction.addTokenTransfer(token, connection.account, -total);
}
