import type { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import type { SignatureSet } from '../keys/signature-set.js';
import type { TransactionKey } from '../model.js';
import type { Operation } from '../transactions/handler.js';

/** A parsed transaction: its bytes, its body and its signatures. */
export interface Envelope {
  /** Serialized SignedTransaction. */
  readonly signedBytes: Uint8Array;
  readonly body: TransactionBody;
  readonly id: TransactionKey;
  readonly signatures: SignatureSet;
  readonly operation: Operation;
  /** The inner transactions of a batch. */
  readonly inner: readonly Envelope[];
}
