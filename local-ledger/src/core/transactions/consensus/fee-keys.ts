import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { hex } from '../../bytes.js';
import { isUsableKey } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import { demand, Status } from '../../status.js';

/** Refuses a list of exempt keys (HIP-991) that names a key twice. */
export function checkDistinctExemptKeys(keys: readonly Key[]): void {
  const names = new Set(keys.map((key) => hex(Key.encode(key).finish())));
  demand(names.size === keys.length, Status.FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS);
}

/** Refuses a list of exempt keys that is too long or has keys that could never sign. */
export function checkExemptKeys(keys: readonly Key[]): void {
  demand(keys.length <= limits.feeExemptKeys, Status.MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED);
  const areUsable = keys.every((key) => isUsableKey(key));
  demand(areUsable, Status.INVALID_KEY_IN_FEE_EXEMPT_KEY_LIST);
}
