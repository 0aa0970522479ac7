import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
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
    addressedKeys: () =>
      signatures.fullEcdsaKeys().flatMap((publicKey) => {
        const address = crypto.evmAddress(publicKey);
        return address === undefined ? [] : { key: { type: 'ECDSA_SECP256K1', publicKey }, address };
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
    addressedKeys: () => [],
    signaturesBy: () => [],
  };
}

/** The key behind an EVM address, if it signed. */
export function signerOf(signers: Signers, evmAddress: Uint8Array): PrimitiveKey | undefined {
  const owner = signers.addressedKeys().find(({ address }) => equalBytes(address, evmAddress));
  return owner !== undefined && signers.hasSigned(owner.key) ? owner.key : undefined;
}

function distinct(keys: readonly Key[]): PrimitiveKey[] {
  return [...new Map(keys.flatMap(primitiveKeysOf).map((key) => [primitiveKeyText(key), key])).values()];
}
