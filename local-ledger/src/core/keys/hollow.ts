import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { Account } from '../model.js';
import { isEmptyKeyList } from './key-structure.js';

/** The key of an account of which only the EVM address is known. */
export const hollowKey: Key = { key: { $case: 'keyList', value: { keys: [] } } };

/** Whether an account was made for an EVM address and its owner has not signed anything yet (HIP-583). */
export function isHollow({ key, evmAddress }: Account): boolean {
  return evmAddress !== undefined && isEmptyKeyList(key);
}
