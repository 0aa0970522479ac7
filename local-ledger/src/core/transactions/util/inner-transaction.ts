import { TransactionBody } from '../../../gen/services_transaction.js';
import { SignedTransaction } from '../../../gen/services_transaction_contents.js';
import { fail, Status } from '../../status.js';

/** The body of an inner transaction of a batch, a serialized SignedTransaction. */
export function innerBody(signedTransaction: Uint8Array): TransactionBody {
  try {
    return TransactionBody.decode(SignedTransaction.decode(signedTransaction).bodyBytes);
  } catch {
    return fail(Status.INVALID_TRANSACTION_BODY);
  }
}
