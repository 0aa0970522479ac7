import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { hex } from '../bytes.js';
import type { KeyType } from '../crypto-port.js';

/** A key that one signature satisfies. */
export interface PrimitiveKey {
  readonly type: KeyType;
  /** 32 bytes for Ed25519, 33 for ECDSA secp256k1. */
  readonly publicKey: Uint8Array;
}

export const keyLengths: Readonly<Record<KeyType, number>> = { ED25519: 32, ECDSA_SECP256K1: 33 };

/** The primitive key in a wire key; undefined for lists, thresholds, contracts and retired kinds. */
export function primitiveKey(key: Key): PrimitiveKey | undefined {
  switch (key.key?.$case) {
    case 'ed25519':
      return { type: 'ED25519', publicKey: key.key.value };
    case 'ECDSASecp256k1':
      return { type: 'ECDSA_SECP256K1', publicKey: key.key.value };
    default:
      return undefined;
  }
}

/** The wire form of a primitive key. */
export function wireKey({ type, publicKey }: PrimitiveKey): Key {
  return type === 'ED25519'
    ? { key: { $case: 'ed25519', value: publicKey } }
    : { key: { $case: 'ECDSASecp256k1', value: publicKey } };
}

/** A primitive key as a map key. */
export function primitiveKeyText({ type, publicKey }: PrimitiveKey): string {
  return `${type}:${hex(publicKey)}`;
}
