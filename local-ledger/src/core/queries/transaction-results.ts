import type { TransactionID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TransactionGetReceiptQuery } from '@gatepost/local-ledger/gen/services_transaction_get_receipt';
import type { TransactionGetRecordQuery } from '@gatepost/local-ledger/gen/services_transaction_get_record';
import { unknownReceipt } from '../handling/receipt.js';
import { transactionKey } from '../ids.js';
import type { TransactionKey } from '../model.js';
import { demand, fail, present, Status } from '../status.js';
import type { QueryHandler } from './query.js';

/** The id a query asks about. */
function queriedKey(id: TransactionID | undefined): TransactionKey {
  return present(transactionKey(id), Status.INVALID_TRANSACTION_ID);
}

/** TransactionGetReceipt: the receipt of an id, with those of its children when asked for. */
export const getReceipt: QueryHandler<TransactionGetReceiptQuery> = {
  isPaid: false,
  answer(value, header, context) {
    const key = queriedKey(value.transactionID);
    const found = context.records.find(key) ?? fail(Status.RECEIPT_NOT_FOUND);
    const children = value.includeChildReceipts && found !== 'pending' ? context.records.childrenOf(key) : [];
    return {
      $case: 'transactionGetReceipt',
      value: {
        header,
        receipt: found === 'pending' ? unknownReceipt() : found.receipt,
        duplicateTransactionReceipts: [],
        childTransactionReceipts: children.flatMap(({ receipt }) => receipt ?? []),
      },
    };
  },
  bare: (header) => ({
    $case: 'transactionGetReceipt',
    value: { header, receipt: undefined, duplicateTransactionReceipts: [], childTransactionReceipts: [] },
  }),
};

/** TransactionGetRecord: the record of an id, with those of its children when asked for. */
export const getRecord: QueryHandler<TransactionGetRecordQuery> = {
  isPaid: true,
  answer(value, header, context) {
    const key = queriedKey(value.transactionID);
    const found = context.records.find(key) ?? fail(Status.RECORD_NOT_FOUND);
    demand(found !== 'pending', Status.RECORD_NOT_FOUND);
    return {
      $case: 'transactionGetRecord',
      value: {
        header,
        transactionRecord: found,
        duplicateTransactionRecords: [],
        childTransactionRecords: value.includeChildRecords ? context.records.childrenOf(key) : [],
      },
    };
  },
  bare: (header) => ({
    $case: 'transactionGetRecord',
    value: { header, transactionRecord: undefined, duplicateTransactionRecords: [], childTransactionRecords: [] },
  }),
};
