import type { SignaturePair } from '../../gen/services_basic_types.js';
import { startsWith } from '../bytes.js';

/** Whether two prefixes of a signature map are equal or one begins the other (KEY_PREFIX_MISMATCH). */
export function hasPrefixConflict(pairs: readonly SignaturePair[]): boolean {
  return pairs.some((pair, index) =>
    pairs.slice(index + 1).some(({ pubKeyPrefix }) => {
      return startsWith(pair.pubKeyPrefix, pubKeyPrefix) || startsWith(pubKeyPrefix, pair.pubKeyPrefix);
    }),
  );
}
