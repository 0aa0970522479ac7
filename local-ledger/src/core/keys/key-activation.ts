import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { type PrimitiveKey, primitiveKey } from './primitive-key.js';

/** Whether the primitive key has signed. */
export type HasSigned = (key: PrimitiveKey) => boolean;

/**
 * Whether signatures satisfy a key: a list needs all members, a threshold M of N, both nest. Empty lists and
 * contract keys are never satisfied.
 */
export function isSatisfied(key: Key, hasSigned: HasSigned): boolean {
  const primitive = primitiveKey(key);
  if (primitive !== undefined) {
    return hasSigned(primitive);
  }
  switch (key.key?.$case) {
    case 'keyList': {
      const members = key.key.value.keys;
      return members.length > 0 && members.every((member) => isSatisfied(member, hasSigned));
    }
    case 'thresholdKey': {
      const { threshold, keys } = key.key.value;
      const met = (keys?.keys ?? []).filter((member) => isSatisfied(member, hasSigned)).length;
      return threshold >= 1 && met >= threshold;
    }
    default:
      return false;
  }
}

/** A key that any one of `keys` satisfies. */
export function anyOf(keys: readonly Key[]): Key {
  return { key: { $case: 'thresholdKey', value: { threshold: 1, keys: { keys: [...keys] } } } };
}
