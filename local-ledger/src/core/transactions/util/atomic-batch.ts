import { TransactionID } from '@gatepost/local-ledger/gen/services_basic_types';
import type { AtomicBatchTransactionBody, TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { hex } from '../../bytes.js';
import { prices } from '../../fees/price-list.js';
import { isUsableKey } from '../../keys/key-structure.js';
import { limits } from '../../limits.js';
import { demand, fail, Status } from '../../status.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionCase, TransactionHandler } from '../handler.js';
import { innerBody } from './inner-transaction.js';

/** AtomicBatch (HIP-551): runs its inner transactions in order, all or none. */
export const atomicBatch: TransactionHandler<AtomicBatchTransactionBody> = {
  name: 'ATOMICBATCH',
  schedulable: false,

  pureChecks(value) {
    demand(value.transactions.length > 0, Status.BATCH_LIST_EMPTY);
    const seen = new Set<string>();
    for (const body of value.transactions.map(innerBody)) {
      const id = hex(TransactionID.encode(body.transactionID ?? fail(Status.INVALID_TRANSACTION_ID)).finish());
      demand(!seen.has(id), Status.BATCH_LIST_CONTAINS_DUPLICATES);
      seen.add(id);
      demand(body.batchKey !== undefined, Status.MISSING_BATCH_KEY);
      demand(isBatchNode(body), Status.INVALID_NODE_ACCOUNT_ID);
    }
  },

  preHandle(value) {
    return value.transactions.map((bytes) => {
      const key = innerBody(bytes).batchKey;
      return key !== undefined && isUsableKey(key) ? key : fail(Status.INVALID_BATCH_KEY);
    });
  },

  handle(value, context) {
    demand(value.transactions.length <= limits.batchTransactions, Status.BATCH_SIZE_LIMIT_EXCEEDED);
    const isListed = value.transactions.some((bytes) => isBlacklisted(innerBody(bytes)));
    demand(!isListed, Status.BATCH_TRANSACTION_IN_BLACKLIST);
    for (const bytes of value.transactions) {
      demand(context.dispatchInner(bytes) === Status.SUCCESS, Status.INNER_TRANSACTION_FAILED);
    }
  },

  fee: () => flatFee(prices.atomicBatch),
};

/** Inner transactions name 0.0.0 as their node. */
function isBatchNode({ nodeAccountID: node }: TransactionBody): boolean {
  return (
    node?.shardNum === 0n &&
    node.realmNum === 0n &&
    node.account?.$case !== 'alias' &&
    (node.account?.value ?? 0n) === 0n
  );
}

const blacklist: ReadonlySet<TransactionCase> = new Set(['atomicBatch', 'freeze', 'scheduleCreate', 'scheduleSign']);

function isBlacklisted({ data }: TransactionBody): boolean {
  return data !== undefined && blacklist.has(data.$case);
}
