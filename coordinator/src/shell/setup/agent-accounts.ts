import { transferHbar } from '@gatepost/shared/hedera/accounts';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { shownByMirror } from '@gatepost/shared/hedera/mirror-wait';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';

/**
 * Nobody is allowed to work whom the network does not know; an account made a moment ago is waited for.
 * @throws GatepostError USAGE naming the accounts that are not there, or are deleted.
 */
export async function assertAccounts(connection: Connection, accounts: readonly AccountId[]): Promise<void> {
  const missing: AccountId[] = [];
  for (const account of accounts) {
    try {
      const { deleted } = await shownByMirror(`account ${account}`, () => connection.mirror.account(account));
      if (deleted === true) missing.push(account);
    } catch (error) {
      if (toGatepostError(error).code !== 'NOT_FOUND') throw error;
      missing.push(account);
    }
  }
  if (missing.length === 0) return;
  const network = connection.network.name;
  throw new GatepostError('USAGE', `${network} has no account ${missing.join(', ')}; check the id and the network`);
}

/**
 * Sends hbar of the coordinator to an account or an EVM address, whose account the network makes (HIP-583).
 * @param hbar nothing is sent for 0: then the address must have its account already.
 */
export async function fundAccount(connection: Connection, to: string, hbar: number): Promise<AccountId> {
  if (hbar > 0) await transferHbar(connection, to, hbar);
  if (!to.startsWith('0x')) return accountId(to);
  try {
    const found = await shownByMirror(
      `the account of ${to}`,
      () => connection.mirror.accountAt(to),
      hbar > 0 ? undefined : 0,
    );
    return accountId(found.account);
  } catch (error) {
    if (hbar > 0 || toGatepostError(error).code !== 'NOT_FOUND') throw error;
    throw new GatepostError('USAGE', `${to} has no account yet; send it hbar with --fund`, {}, error);
  }
}
