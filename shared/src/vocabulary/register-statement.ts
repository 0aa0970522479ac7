import { canonicalJson } from './digest.js';

/** What both sides of `Register` sign: who, to whom, over which TLS certificate, until when. */
export interface RegisterStatement {
  readonly coordinator: string;
  readonly agent: string;
  /** Lower-case hex. */
  readonly nonce: string;
  /** Lower-case hex. */
  readonly coordinatorNonce: string;
  /** SHA-256 of the daemon's TLS certificate in DER, lower-case hex; empty on an insecure loopback. */
  readonly certificateSha256: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * The bytes to sign. The role is part of them, so that neither side's signature can be sent back as the
 * other's, and a proof made for one certificate or one pair of accounts is worthless for another.
 */
export function registerStatementBytes(role: 'coordinator' | 'agent', statement: RegisterStatement): Uint8Array {
  return Buffer.from(canonicalJson({ purpose: `gatepost/1/register/${role}`, ...statement }), 'utf8');
}
