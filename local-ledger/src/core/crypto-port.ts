/** The two signature schemes the network verifies. */
export type KeyType = 'ED25519' | 'ECDSA_SECP256K1';

/** Hashing and signature verification, which a pure core takes as an input. */
export interface CryptoPort {
  sha384(bytes: Uint8Array): Uint8Array;
  /**
   * Whether `signature` over `message` is by `publicKey` (32 bytes Ed25519, 33 bytes compressed ECDSA). An ECDSA
   * signature is over keccak-256 of the message, 64 bytes r and s. Never throws: bad bytes are a false.
   */
  verify(type: KeyType, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** The 20-byte EVM address of a compressed ECDSA key; undefined when the bytes are no point of the curve. */
  evmAddress(publicKey: Uint8Array): Uint8Array | undefined;
}
