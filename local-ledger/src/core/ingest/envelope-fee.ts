import { type Fee, feeOf, nodePart, noFee } from '../fees/fee.js';
import { isPrivileged } from '../limits.js';
import type { LedgerState } from '../state/ledger-state.js';
import type { Envelope } from './envelope.js';

/** What a transaction costs its payer, in tinybar. */
export function envelopeFee({ signedBytes, signatures, operation, id }: Envelope, state: LedgerState): Fee {
  if (isPrivileged(id.payer)) {
    return noFee;
  }
  const node = nodePart({ bytes: signedBytes.length, signatures: signatures.size });
  return feeOf({ node, service: operation.fee(state) });
}
