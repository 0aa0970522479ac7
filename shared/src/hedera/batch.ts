import type { Transaction } from '@hashgraph/sdk';
import type { PreparedTransaction } from '../ledger/ledger.js';
import type { TransactionId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { sdk } from './sdk.js';
import { configure, type PrepareOptions, prepare } from './transaction.js';

/** A signed AtomicBatch and the ids of what it holds. */
export interface PreparedBatch extends PreparedTransaction {
  readonly innerIds: readonly TransactionId[];
}

export interface BatchOptions extends PrepareOptions {
  /** Fixed ids of the inner transactions, in order; new ones where left out. */
  readonly innerIds?: readonly TransactionId[];
}

/**
 * Makes one AtomicBatch (HIP-551) of transactions that happen all or not at all, all paid and signed by the
 * connection's account. Ids and bytes are fixed here; nothing is sent.
 */
export async function prepareBatch(
  connection: Connection,
  transactions: readonly Transaction[],
  options: BatchOptions = {},
): Promise<PreparedBatch> {
  const batch = new sdk.BatchTransaction();
  const innerIds: TransactionId[] = [];
  for (const [index, transaction] of transactions.entries()) {
    const id = options.innerIds?.[index] ?? connection.nextTransactionId();
    innerIds.push(configure(connection, transaction, { ...options, id }));
    batch.addInnerTransaction(await transaction.batchify(connection.client, connection.key.publicKey));
  }
  return { ...(await prepare(connection, batch, options)), innerIds };
}
