import { simpleKey } from '../format/key.js';
import { type Filter, filtersOf, lastValue } from '../query/filters.js';
import { isInRange, rangeOf } from '../query/range.js';
import type { AccountView } from '../store/mirror-state.js';

/** Length in hex digits of an Ed25519 key in DER; the last 64 are the key. */
const DER_DIGITS = 88;

/** A condition on accounts from `account.publickey` and `account.balance`; the last public key counts. */
export function accountMatcher(filters: readonly Filter[]): (view: AccountView) => boolean {
  const key = normalizeKey(lastValue(filters, 'account.publickey'));
  const balance = rangeOf(filtersOf(filters, 'account.balance'), BigInt, 'all');
  return ({ account }) =>
    (key === undefined || simpleKey(account.key)?.hex === key) && isInRange(balance, account.balance);
}

function normalizeKey(text: string | undefined): string | undefined {
  const hex = text?.toLowerCase().replace(/^0x/, '');
  return hex?.length === DER_DIGITS ? hex.slice(-64) : hex;
}
