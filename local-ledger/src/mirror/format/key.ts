import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { JsonObject } from './json.js';

/** A simple key: what public key filters look for. */
export interface SimpleKey {
  readonly type: 'ED25519' | 'ECDSA_SECP256K1';
  /** Lower-case hex. */
  readonly hex: string;
}

/**
 * A key as REST shows it: `{_type, key}` in hex. A list of one key and a 1-of-1 threshold key are shown as that
 * key, other compound keys as their protobuf encoding; no key and the empty list (removed) are null.
 */
export function formatKey(key: Key | undefined): JsonObject | null {
  if (key?.key === undefined || isEmptyList(key)) return null;
  const simple = simpleKey(key);
  if (simple !== undefined) return { _type: simple.type, key: simple.hex };
  return { _type: 'ProtobufEncoded', key: Buffer.from(Key.encode(key).finish()).toString('hex') };
}

/** The single public key behind a key, looking through one level of a one-element list; else undefined. */
export function simpleKey(key: Key): SimpleKey | undefined {
  return primitive(key) ?? primitive(onlyMember(key));
}

function primitive(key: Key | undefined): SimpleKey | undefined {
  switch (key?.key?.$case) {
    case 'ed25519':
      return { type: 'ED25519', hex: Buffer.from(key.key.value).toString('hex') };
    case 'ECDSASecp256k1':
      return { type: 'ECDSA_SECP256K1', hex: Buffer.from(key.key.value).toString('hex') };
    default:
      return undefined;
  }
}

function onlyMember(key: Key): Key | undefined {
  const kind = key.key;
  if (kind?.$case === 'keyList') return kind.value.keys.length === 1 ? kind.value.keys[0] : undefined;
  if (kind?.$case !== 'thresholdKey' || kind.value.threshold !== 1) return undefined;
  return kind.value.keys?.keys.length === 1 ? kind.value.keys.keys[0] : undefined;
}

function isEmptyList(key: Key): boolean {
  return key.key?.$case === 'keyList' && key.key.value.keys.length === 0;
}
