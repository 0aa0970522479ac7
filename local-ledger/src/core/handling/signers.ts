import type { Key } from '../../gen/services_basic_types.js';
import { equalBytes } from '../bytes.js';
import type { CryptoPort } from '../crypto-port.js';
import { primitiveKeysOf } from '../keys/key-structure.js';
import { type PrimitiveKey, primitiveKeyText } from '../keys/primitive-key.js';
import type { SignatureSet } from '../keys/signature-set.js';
import type { ScheduleSignature } from '../model.js';
import type { Signers } from './dispatch.js';

/** The signers of a submitted transaction. */
export function transactionSigners(signatures: SignatureSet, crypto: CryptoPort): Signers {
  return {
    hasSigned: (key) => signatures.hasSigned(key),
    hasSignedAsAddress: (address) =>
      signatures.fullEcdsaKeys().some((publicKey) => {
        const derived = crypto.evmAddress(publicKey);
        const isOwner = derived !== undefined && equalBytes(derived, address);
        return isOwner && signatures.hasSigned({ type: 'ECDSA_SECP256K1', publicKey });
      }),
    signaturesBy: (keys, now) =>
      distinct(keys)
        .filter((key) => signatures.hasSigned(key))
        .map((key) => ({ ...key, signature: signatures.signatureOf(key), consensusTimestamp: now })),
  };
}

/** The signers of a schedule's execution: the signatories it has collected. */
export function collectedSigners(signatures: readonly ScheduleSignature[]): Signers {
  const signed = new Set(signatures.map(primitiveKeyText));
  return {
    hasSigned: (key) => signed.has(primitiveKeyText(key)),
    hasSignedAsAddress: () => false,
    signaturesBy: () => [],
  };
}

function distinct(keys: readonly Key[]): PrimitiveKey[] {
  return [...new Map(keys.flatMap(primitiveKeysOf).map((key) => [primitiveKeyText(key), key])).values()];
}
