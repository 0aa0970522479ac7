import { TransactionReceipt } from '@gatepost/local-ledger/gen/services_transaction_receipt';
import { exchangeRateSet } from '../fees/exchange-rate.js';
import { accountId, scheduleId, tokenId, topicId, transactionId } from '../ids.js';
import { Status } from '../status.js';
import type { Handled } from './dispatch.js';

/** The receipt of an accepted transaction that is not handled yet. */
export function unknownReceipt(): TransactionReceipt {
  return { ...TransactionReceipt.create(), status: Status.UNKNOWN };
}

/** The receipt of a handled transaction. */
export function receiptOf({ item, outcome }: Handled): TransactionReceipt {
  const { message } = outcome;
  return {
    ...TransactionReceipt.create(),
    status: item.status,
    exchangeRate: exchangeRateSet(),
    accountID: outcome.accountId === undefined ? undefined : accountId(outcome.accountId),
    topicID: outcome.topicId === undefined ? undefined : topicId(outcome.topicId),
    tokenID: outcome.tokenId === undefined ? undefined : tokenId(outcome.tokenId),
    scheduleID: outcome.scheduleId === undefined ? undefined : scheduleId(outcome.scheduleId),
    scheduledTransactionID:
      outcome.scheduledTransactionId === undefined ? undefined : transactionId(outcome.scheduledTransactionId),
    newTotalSupply: outcome.newTotalSupply ?? 0n,
    topicSequenceNumber: message?.sequenceNumber ?? 0n,
    topicRunningHash: message?.runningHash ?? new Uint8Array(),
    topicRunningHashVersion: BigInt(message?.runningHashVersion ?? 0),
  };
}
