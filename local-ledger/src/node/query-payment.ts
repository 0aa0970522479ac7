import type { Transaction } from '@gatepost/local-ledger/gen/services_transaction';
import { accountNum } from '../core/ids.js';
import type { Envelope } from '../core/ingest/envelope.js';
import { isPrivileged, systemAccounts } from '../core/limits.js';
import { demand, Status, StatusError } from '../core/status.js';

/** Whether a header carries a payment at all. */
export function hasPayment(payment: Transaction | undefined): payment is Transaction {
  return payment !== undefined && (payment.signedTransactionBytes.length > 0 || payment.bodyBytes.length > 0);
}

/** A payment is a CryptoTransfer that credits the node with at least `cost` tinybar; the treasury's and the admin's may be any. */
export function checkPayment({ body, id }: Envelope, cost: bigint): void {
  if (body.data?.$case !== 'cryptoTransfer') {
    throw new StatusError(Status.INSUFFICIENT_TX_FEE, cost);
  }
  if (isPrivileged(id.payer)) {
    return;
  }
  const entries = body.data.value.transfers?.accountAmounts ?? [];
  const paid = entries.find(({ accountID }) => accountNum(accountID) === systemAccounts.node)?.amount;
  demand(paid !== undefined, Status.INVALID_RECEIVING_NODE_ACCOUNT);
  if (paid < cost) {
    throw new StatusError(Status.INSUFFICIENT_TX_FEE, cost);
  }
}
