import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { hex } from '../core/bytes.js';
import type { CryptoPort, KeyType } from '../core/crypto-port.js';

/** Public keys kept ready; more than a busy network uses at once. */
const KEPT_KEYS = 10_000;
/** The DER header of an Ed25519 public key. */
const ed25519Header = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Hashing and Ed25519 by node:crypto; keccak and ECDSA over a given digest, which node:crypto lacks, by
 * noble. Of the two signatures that ECDSA has for each message the network takes either, so S may be high.
 */
export class NodeCrypto implements CryptoPort {
  readonly #keys = new Map<string, KeyObject>();

  sha384(bytes: Uint8Array): Uint8Array {
    return createHash('sha384').update(bytes).digest();
  }

  verify(type: KeyType, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64) {
      return false;
    }
    try {
      return type === 'ED25519'
        ? verify(null, message, this.#ed25519(publicKey), signature)
        : secp256k1.verify(signature, keccak_256(message), publicKey, { prehash: false, lowS: false });
    } catch {
      return false;
    }
  }

  evmAddress(publicKey: Uint8Array): Uint8Array | undefined {
    try {
      return keccak_256(secp256k1.Point.fromBytes(publicKey).toBytes(false).subarray(1)).subarray(12);
    } catch {
      return undefined;
    }
  }

  #ed25519(publicKey: Uint8Array): KeyObject {
    const name = hex(publicKey);
    const known = this.#keys.get(name);
    if (known !== undefined) {
      return known;
    }
    const key = createPublicKey({ key: Buffer.concat([ed25519Header, publicKey]), format: 'der', type: 'spki' });
    if (this.#keys.size >= KEPT_KEYS) {
      this.#keys.clear();
    }
    this.#keys.set(name, key);
    return key;
  }
}
