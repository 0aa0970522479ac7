import { isHollow } from '../keys/hollow.js';
import { wireKey } from '../keys/primitive-key.js';
import type { EntityNum } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import type { Signers } from './dispatch.js';

/**
 * Gives each hollow account whose owner signed the owner's key (HIP-583), for good even if the transaction fails;
 * returns their numbers.
 */
export function completeHollowAccounts(state: LedgerState, signers: Signers): readonly EntityNum[] {
  // Deriving addresses is costly, and hardly any transaction has to do with a hollow account.
  if (!state.hasHollowAccounts) {
    return [];
  }
  return signers.addressedKeys().flatMap(({ key, address }) => {
    const account = state.accounts.get(state.accountByAlias(address) ?? 0);
    if (account === undefined || !isHollow(account) || !signers.hasSigned(key)) {
      return [];
    }
    state.accounts.put(account.num, { ...account, key: wireKey(key) });
    return [account.num];
  });
}
