import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { limits } from '../limits.js';
import { fail, type Status } from '../status.js';
import { keyLengths, type PrimitiveKey, primitiveKey } from './primitive-key.js';

/** An empty KeyList: as a new value it means "remove", as a stored key it means "immutable". */
export function isEmptyKeyList(key: Key): boolean {
  return key.key?.$case === 'keyList' && key.key.value.keys.length === 0;
}

/** The key, or undefined when absent or the empty list. */
export function keyOrNone(key: Key | undefined): Key | undefined {
  return key === undefined || isEmptyKeyList(key) ? undefined : key;
}

/** Whether a key could ever be satisfied as it is built: lengths, thresholds, depth, no empty members. */
export function isUsableKey(key: Key, depth = 1): boolean {
  if (depth > limits.keyDepth || key.key === undefined) {
    return false;
  }
  const { $case, value } = key.key;
  switch ($case) {
    case 'ed25519':
      return value.length === keyLengths.ED25519;
    case 'ECDSASecp256k1':
      return value.length === keyLengths.ECDSA_SECP256K1 && (value[0] === 2 || value[0] === 3);
    case 'keyList':
      return value.keys.length > 0 && value.keys.every((member) => isUsableKey(member, depth + 1));
    case 'thresholdKey': {
      const members = value.keys?.keys ?? [];
      const possible = value.threshold >= 1 && value.threshold <= members.length;
      return possible && members.every((member) => isUsableKey(member, depth + 1));
    }
    case 'contractID':
    case 'delegatableContractId':
      return true;
    default:
      return false;
  }
}

/** Refuses with `status` a key that is given, is not the empty list, and is not usable. */
export function checkOptionalKey(key: Key | undefined, status: Status): void {
  if (key !== undefined && !isEmptyKeyList(key) && !isUsableKey(key)) {
    fail(status);
  }
}

/** Refuses with `status` a key that is given and is not usable; the empty list is not. */
export function checkGivenKey(key: Key | undefined, status: Status): void {
  if (key !== undefined && !isUsableKey(key)) {
    fail(status);
  }
}

/** Whether a key is nested deeper than the network reads. */
export function isTooDeep(key: Key, depth = 1): boolean {
  return depth > limits.keyDepth || membersOf(key).some((member) => isTooDeep(member, depth + 1));
}

/** Whether a key is, or has in it, one of the retired kinds or none at all. */
export function hasRetiredKey(key: Key): boolean {
  return key.key === undefined || isRetired(key) || membersOf(key).some(isRetired);
}

/** Whether a key holds nothing that could ever sign: a retired kind, or a list without any other members. */
export function isVoidKey(key: Key): boolean {
  return isRetired(key) || (key.key?.$case === 'keyList' && key.key.value.keys.every(isVoidMember));
}

function isVoidMember(key: Key): boolean {
  return key.key === undefined || isVoidKey(key);
}

function isRetired({ key }: Key): boolean {
  return key?.$case === 'rsa3072' || key?.$case === 'ecdsa384';
}

/** All primitive keys in a key, nested ones included, repeats kept. */
export function primitiveKeysOf(key: Key): PrimitiveKey[] {
  const primitive = primitiveKey(key);
  if (primitive !== undefined) {
    return [primitive];
  }
  return membersOf(key).flatMap(primitiveKeysOf);
}

/** How many keys the fee schedule counts in a key: its primitive members, except what it does not know. */
export function countKeys(key: Key | undefined): number {
  if (key?.key === undefined || key.key.$case === 'rsa3072') {
    return 0;
  }
  const members = membersOf(key);
  return members.length > 0 ? members.reduce((sum, member) => sum + countKeys(member), 0) : isEmptyKeyList(key) ? 0 : 1;
}

function membersOf(key: Key): readonly Key[] {
  switch (key.key?.$case) {
    case 'keyList':
      return key.key.value.keys;
    case 'thresholdKey':
      return key.key.value.keys?.keys ?? [];
    default:
      return [];
  }
}
