import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { send } from './transaction.js';

/** As many token associations as are asked for (HIP-904): funding an escrow needs no signature of its own. */
const UNLIMITED = -1;

/**
 * Creates the account that holds the money of runs with a gatekeeper. Its key is a list: so many of these keys must sign
 * whatever it does, and to change that list. Costs $0.05.
 * @param keys DER hex.
 * @param threshold all of them when left out.
 */
export async function createEscrow(
  connection: Connection,
  keys: readonly string[],
  threshold?: number,
): Promise<AccountId> {
  const list = new sdk.KeyList(
    keys.map((key) => sdk.PublicKey.fromString(key)),
    threshold ?? null,
  );
  const transaction = new sdk.AccountCreateTransaction()
    .setKeyWithoutAlias(list)
    .setMaxAutomaticTokenAssociations(UNLIMITED)
    .setAccountMemo('gatepost escrow');
  const { accountId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (accountId === undefined) throw new GatepostError('INTERNAL', 'an account was created but its receipt names none');
  return accountId;
}
