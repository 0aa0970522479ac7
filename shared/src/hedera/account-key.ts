import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
} from 'node:crypto';
import { inspect } from 'node:util';
import type { PrivateKey, PublicKey } from '@hashgraph/sdk';
import { GatepostError } from '../vocabulary/errors.js';
import { sdk } from './sdk.js';

const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A public key as mirror REST shows it. */
export interface MirrorKey {
  readonly _type: 'ED25519' | 'ECDSA_SECP256K1' | 'ProtobufEncoded';
  /** Hex: 32 bytes, 33 compressed bytes, or a serialized Key. */
  readonly key: string;
}

/**
 * The private key of a Hedera account, Ed25519 or ECDSA secp256k1. It signs and does nothing else: no method
 * gives the private part back, and printing it shows the public key.
 */
export class AccountKey {
  readonly publicKey: PublicKey;
  readonly #sign: (message: Uint8Array) => Uint8Array;
  readonly #otherKind: () => PrivateKey;

  private constructor(publicKey: PublicKey, sign: (message: Uint8Array) => Uint8Array, otherKind: () => PrivateKey) {
    this.publicKey = publicKey;
    this.#sign = sign;
    this.#otherKind = otherKind;
  }

  /** An Ed25519 key by its 32 secret bytes. node:crypto signs an order of magnitude faster than the SDK's own code. */
  static fromSeed(seed: Buffer): AccountKey {
    const der = Buffer.concat([ED25519_PKCS8_PREFIX, seed]);
    const native = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(native).export({ format: 'der', type: 'spki' });
    const publicKey = sdk.PublicKey.fromBytesED25519(spki.subarray(ED25519_SPKI_PREFIX.length));
    const otherKind = () => sdk.PrivateKey.fromBytesECDSA(seed);
    return new AccountKey(publicKey, (message) => cryptoSign(null, message, native), otherKind);
  }

  static fromSdk(key: PrivateKey): AccountKey {
    const raw = key.toBytesRaw();
    if (key.type === 'ED25519') return AccountKey.fromSeed(Buffer.from(raw));
    const otherKind = () => sdk.PrivateKey.fromBytesED25519(raw);
    return new AccountKey(key.publicKey, (message) => key.sign(message), otherKind);
  }

  /** The public key that the same bytes make as a key of the other kind; undefined when they make none. */
  publicKeyOfOtherKind(): PublicKey | undefined {
    try {
      return this.#otherKind().publicKey;
    } catch {
      // Not every 32 bytes are a key on secp256k1.
      return undefined;
    }
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#sign(message);
  }

  toString(): string {
    return `AccountKey(public ${this.publicKey.toStringRaw()})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Ed25519, as hex that says so or as DER: the usual key, whose secret bytes need no arithmetic of the SDK's. */
const ED25519_TEXT = /^(?:ed25519:(?:0x)?|(?:0x)?302e020100300506032b657004220420)([0-9a-f]{64})$/i;

function keyOf(text: string): AccountKey {
  const seed = ED25519_TEXT.exec(text)?.[1];
  if (seed !== undefined) return AccountKey.fromSeed(Buffer.from(seed, 'hex'));
  const [, kind, hex = ''] = /^(ed25519|ecdsa):(?:0x)?([0-9a-f]+)$/i.exec(text) ?? [];
  if (kind === undefined) return AccountKey.fromSdk(sdk.PrivateKey.fromStringDer(text.replace(/^0x/, '')));
  const isEd25519 = kind.toLowerCase() === 'ed25519';
  return AccountKey.fromSdk(isEd25519 ? sdk.PrivateKey.fromStringED25519(hex) : sdk.PrivateKey.fromStringECDSA(hex));
}

/**
 * Reads a private key given as DER hex, `ed25519:<hex>` or `ecdsa:<hex>`. Bare hex is refused: it does not say
 * which kind it is, and the wrong guess gives a valid key that signs for nobody.
 * @param source where the text came from, for the error; the text itself is never repeated.
 * @throws GatepostError INVALID_KEY
 */
export function parseAccountKey(text: string, source: string): AccountKey {
  const trimmed = text.trim();
  if (/^(0x)?[0-9a-f]{64}$/i.test(trimmed)) {
    throw new GatepostError(
      'INVALID_KEY',
      `${source} is bare hex; prefix it with ed25519: or ecdsa: to say which kind it is`,
    );
  }
  try {
    return keyOf(trimmed);
  } catch {
    // The cause is left out on purpose: parsers quote their input.
    throw new GatepostError('INVALID_KEY', `${source} is not a private key (DER hex, ed25519:<hex> or ecdsa:<hex>)`);
  }
}

/** A new Ed25519 key and its DER hex, for whoever has to store it. */
export function generateAccountKey(): { readonly key: AccountKey; readonly der: string } {
  const key = sdk.PrivateKey.generateED25519();
  return { key: AccountKey.fromSdk(key), der: key.toStringDer() };
}

/**
 * A new ECDSA key for an account that does not exist yet: the network makes one when hbar is sent to the EVM address
 * (HIP-583), and the account becomes this key's with the first transaction that it signs and pays.
 */
export function generateEvmAccountKey(): { readonly der: string; readonly evmAddress: string } {
  const key = sdk.PrivateKey.generateECDSA();
  return { der: key.toStringDer(), evmAddress: evmAddressOf(AccountKey.fromSdk(key)) ?? '' };
}

/** Where hbar is sent to make an account of this key; undefined for an Ed25519 key. */
export const evmAddressOf = ({ publicKey }: AccountKey): string | undefined =>
  publicKey.type === 'secp256k1' ? `0x${publicKey.toEvmAddress()}` : undefined;

/** The SDK's form of a key that the mirror showed; undefined for key lists and other composite keys. */
export function publicKeyFromMirror(key: MirrorKey): PublicKey | undefined {
  if (key._type === 'ED25519') return sdk.PublicKey.fromStringED25519(key.key);
  if (key._type === 'ECDSA_SECP256K1') return sdk.PublicKey.fromStringECDSA(key.key);
  return undefined;
}

function nativeEd25519(hex: string): KeyObject {
  const der = Buffer.concat([ED25519_SPKI_PREFIX, Buffer.from(hex, 'hex')]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

/**
 * Whether a signature over a message was made with an account's key; false for keys that are no single key. Of the two
 * signatures that ECDSA has for each message (S, and the order of the curve less S) either is good, as for the network.
 */
export function verifySignature(key: MirrorKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key._type === 'ED25519') return cryptoVerify(null, message, nativeEd25519(key.key), signature);
  const publicKey = publicKeyFromMirror(key);
  return publicKey !== undefined && signature.length === 64 && publicKey.verify(message, withLowS(signature));
}

/** Order of the curve secp256k1. */
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The signature with the smaller of its two S, the only one that the SDK verifies. */
function withLowS(signature: Uint8Array): Uint8Array {
  const bytes = Buffer.from(signature);
  const s = BigInt(`0x${bytes.toString('hex', 32)}`);
  if (s <= SECP256K1_ORDER / 2n || s >= SECP256K1_ORDER) return signature;
  bytes.write((SECP256K1_ORDER - s).toString(16).padStart(64, '0'), 32, 'hex');
  return bytes;
}
