import type { SignaturePair } from '@gatepost/local-ledger/gen/services_basic_types';
import { startsWith } from '../bytes.js';
import type { CryptoPort, KeyType } from '../crypto-port.js';
import { keyLengths, type PrimitiveKey, primitiveKeyText } from './primitive-key.js';

/** What is known of a signature: 0 not verified yet, 1 valid, 2 invalid. */
export type Verdict = 0 | 1 | 2;

interface Candidate {
  readonly type: KeyType;
  readonly prefix: Uint8Array;
  readonly signature: Uint8Array;
}

function candidate(pair: SignaturePair): Candidate | undefined {
  switch (pair.signature?.$case) {
    case 'ed25519':
      return { type: 'ED25519', prefix: pair.pubKeyPrefix, signature: pair.signature.value };
    case 'ECDSASecp256k1':
      return { type: 'ECDSA_SECP256K1', prefix: pair.pubKeyPrefix, signature: pair.signature.value };
    default:
      return undefined;
  }
}

/**
 * The signatures of one transaction. A pair speaks for a key when the type agrees and its prefix begins the key; the
 * longest such prefix wins. Each signature is verified at most once, and only when a required key asks for it.
 */
export class SignatureSet {
  readonly #candidates: readonly (Candidate | undefined)[];
  readonly #message: Uint8Array;
  readonly #crypto: CryptoPort;
  readonly #verdicts: Verdict[];
  readonly #partial = new Map<string, boolean>();

  constructor(pairs: readonly SignaturePair[], message: Uint8Array, crypto: CryptoPort) {
    this.#candidates = pairs.map(candidate);
    this.#message = message;
    this.#crypto = crypto;
    this.#verdicts = pairs.map(() => 0);
  }

  get size(): number {
    return this.#candidates.length;
  }

  /** What is known of each pair with a full key as prefix, in order; for the log, so that replay verifies nothing again. */
  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  /** Takes verdicts recorded earlier over the same bytes. */
  preload(verdicts: readonly Verdict[]): void {
    for (let index = 0; index < this.#verdicts.length; index++) {
      this.#verdicts[index] = verdicts[index] ?? 0;
    }
  }

  /** Whether there is a valid signature by the key. */
  hasSigned(key: PrimitiveKey): boolean {
    const index = this.#best(key);
    const chosen = index === undefined ? undefined : this.#candidates[index];
    if (index === undefined || chosen === undefined) {
      return false;
    }
    return chosen.prefix.length === keyLengths[key.type]
      ? this.#full(index, chosen, key)
      : this.#byPrefix(index, chosen, key);
  }

  /** The raw signature by the key; empty when there is none. */
  signatureOf(key: PrimitiveKey): Uint8Array {
    const index = this.#best(key);
    return (index === undefined ? undefined : this.#candidates[index])?.signature ?? new Uint8Array();
  }

  /** The ECDSA keys given whole as prefixes, which may stand for an EVM address. */
  fullEcdsaKeys(): Uint8Array[] {
    const isFull = (pair: Candidate | undefined) => pair?.type === 'ECDSA_SECP256K1' && pair.prefix.length === 33;
    return this.#candidates.flatMap((pair) => (pair !== undefined && isFull(pair) ? pair.prefix : []));
  }

  #best(key: PrimitiveKey): number | undefined {
    let best: number | undefined;
    let length = -1;
    for (let index = 0; index < this.#candidates.length; index++) {
      const pair = this.#candidates[index];
      if (pair?.type === key.type && pair.prefix.length > length && startsWith(key.publicKey, pair.prefix)) {
        best = index;
        length = pair.prefix.length;
      }
    }
    return best;
  }

  #full(index: number, pair: Candidate, key: PrimitiveKey): boolean {
    if (this.#verdicts[index] === 0) {
      this.#verdicts[index] = this.#verify(pair, key) ? 1 : 2;
    }
    return this.#verdicts[index] === 1;
  }

  #byPrefix(index: number, pair: Candidate, key: PrimitiveKey): boolean {
    const text = `${index}:${primitiveKeyText(key)}`;
    const known = this.#partial.get(text);
    if (known !== undefined) {
      return known;
    }
    const valid = this.#verify(pair, key);
    this.#partial.set(text, valid);
    return valid;
  }

  #verify(pair: Candidate, key: PrimitiveKey): boolean {
    return this.#crypto.verify(key.type, key.publicKey, this.#message, pair.signature);
  }
}
