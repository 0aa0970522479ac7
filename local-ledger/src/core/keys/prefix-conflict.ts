import type { SignaturePair } from '@gatepost/local-ledger/gen/services_basic_types';
import { hex } from '../bytes.js';

/** Whether two prefixes of a signature map are equal or one begins the other (KEY_PREFIX_MISMATCH). */
export function hasPrefixConflict(pairs: readonly SignaturePair[]): boolean {
  // In sorted order whatever begins a text comes right before one it begins.
  const prefixes = pairs.map(({ pubKeyPrefix }) => hex(pubKeyPrefix)).sort();
  return prefixes.some((prefix, index) => index > 0 && prefix.startsWith(prefixes[index - 1] ?? ''));
}
