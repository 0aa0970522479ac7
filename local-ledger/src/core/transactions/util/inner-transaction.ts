import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { SignedTransaction } from '@gatepost/local-ledger/gen/services_transaction_contents';
import { fail, Status } from '../../status.js';

/** The body of an inner transaction of a batch, a serialized SignedTransaction. */
export function innerBody(signedTransaction: Uint8Array): TransactionBody {
  const { bodyBytes } = decoded(() => SignedTransaction.decode(signedTransaction), Status.INVALID_TRANSACTION);
  const body = decoded(() => TransactionBody.decode(bodyBytes), Status.INVALID_TRANSACTION_BODY);
  return body.data === undefined ? fail(Status.INVALID_TRANSACTION_BODY) : body;
}

function decoded<T>(decode: () => T, malformed: Status): T {
  try {
    return decode();
  } catch {
    return fail(malformed);
  }
}
