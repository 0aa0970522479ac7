import { Transaction, TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { SignedTransaction } from '@gatepost/local-ledger/gen/services_transaction_contents';
import { limits } from '../limits.js';
import { demand, fail, Status } from '../status.js';
import { hasUnknownFields } from '../unknown-fields.js';

/** A transaction taken apart, nothing in it checked yet. */
export interface Decoded {
  readonly signedBytes: Uint8Array;
  readonly signed: SignedTransaction;
  readonly body: TransactionBody;
}

interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

function decodeStrictly<T>(decoder: Decoder<T>, bytes: Uint8Array, malformed: Status): T {
  let message: T;
  try {
    message = decoder.decode(bytes);
  } catch {
    return fail(malformed);
  }
  demand(!hasUnknownFields(message), Status.TRANSACTION_HAS_UNKNOWN_FIELDS);
  return message;
}

/** Takes a serialized Transaction apart: size, unknown fields, one encoding and not two. */
export function decodeTransaction(bytes: Uint8Array): Decoded {
  demand(bytes.length <= limits.governanceTransactionBytes, Status.TRANSACTION_OVERSIZE);
  const transaction = decodeStrictly(Transaction, bytes, Status.INVALID_TRANSACTION);
  const hasNew = transaction.signedTransactionBytes.length > 0;
  const hasOld = transaction.bodyBytes.length > 0 || transaction.sigMap !== undefined;
  demand(!(hasNew && hasOld), Status.INVALID_TRANSACTION);
  demand(hasNew || hasOld, Status.INVALID_TRANSACTION_BODY);
  // A copy: what the state keeps of a transaction must not keep the network buffer it came in.
  return decodeSigned(hasNew ? Uint8Array.from(transaction.signedTransactionBytes) : modernBytes(transaction));
}

/** Takes a serialized SignedTransaction apart. */
export function decodeSigned(signedBytes: Uint8Array): Decoded {
  const signed = decodeStrictly(SignedTransaction, signedBytes, Status.INVALID_TRANSACTION);
  demand(signed.sigMap !== undefined, Status.INVALID_TRANSACTION_BODY);
  const body = decodeStrictly(TransactionBody, signed.bodyBytes, Status.INVALID_TRANSACTION_BODY);
  demand(body.data !== undefined, Status.INVALID_TRANSACTION_BODY);
  return { signedBytes, signed, body };
}

/** The retired encoding (body bytes beside a signature map) in today's form. */
function modernBytes({ bodyBytes, sigMap }: Transaction): Uint8Array {
  const signed = { bodyBytes, sigMap, useSerializedTxMessageHashAlgorithm: false };
  return SignedTransaction.encode(signed).finish();
}
