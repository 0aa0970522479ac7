import { type Fee, type FeeBreakdown, feeOf, nodePart } from '../fees/fee.js';
import type { Envelope } from './envelope.js';

/** What a transaction costs, before conversion. */
export function envelopeBreakdown({ signedBytes, signatures, operation }: Envelope): FeeBreakdown {
  return { node: nodePart({ bytes: signedBytes.length, signatures: signatures.size }), service: operation.fee() };
}

/** What a transaction costs, in tinybar. */
export function envelopeFee(envelope: Envelope): Fee {
  return feeOf(envelopeBreakdown(envelope));
}
