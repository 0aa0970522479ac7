import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';

/** The DER header of an Ed25519 private key; the 32-byte seed follows. */
const PRIVATE_HEADER = '302e020100300506032b657004220420';

/** An Ed25519 key pair that can be shown to a developer. */
export interface DevelopmentKey {
  /** Hex DER, as PrivateKey.fromStringDer of the SDK takes it. */
  readonly privateKeyDer: string;
  /** Raw public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

function fromKeyObject(key: KeyObject): DevelopmentKey {
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    privateKeyDer: key.export({ format: 'der', type: 'pkcs8' }).toString('hex'),
    publicKey: Uint8Array.from(publicDer.subarray(-32)),
    sign: (message) => sign(null, message, key),
  };
}

function fromSeed(seed: string): DevelopmentKey {
  const der = Buffer.from(`${PRIVATE_HEADER}${seed}`, 'hex');
  return fromKeyObject(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

/** The key of 0.0.2 on every local Hedera network. It is public: it protects nothing. */
export const operatorKey = fromSeed('91132178e72057a1d7528025956fe39b0b847f200ab59b2fdd367017f3087137');

/** Keys of the accounts that exist from the start: the same at every start, and as public as the operator's. */
export function prefundedKeys(count: number): DevelopmentKey[] {
  return Array.from({ length: count }, (_, index) => {
    return fromSeed(createHash('sha256').update(`local-ledger prefunded account ${index}`).digest('hex'));
  });
}

/** A fresh random key. */
export function newKey(): DevelopmentKey {
  return fromKeyObject(generateKeyPairSync('ed25519').privateKey);
}

/** The wire form of the public key. */
export function wirePublicKey({ publicKey }: DevelopmentKey): Key {
  return { key: { $case: 'ed25519', value: publicKey } };
}
