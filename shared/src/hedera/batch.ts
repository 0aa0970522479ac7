import { BatchTransaction, type Transaction } from '@hashgraph/sdk';
import type { TransactionId } from '../vocabulary/ids.js';
import type { Connection } from './connection.js';
import { configure, type PreparedTransaction, type PrepareOptions, prepare } from './transaction.js';

/** A signed AtomicBatch and the ids of what it holds. */
export interface PreparedBatch extends PreparedTransaction {
  readonly innerIds: readonly TransactionId[];
}

/**
 * Makes one AtomicBatch (HIP-551) of transactions that happen all or not at all, all paid and signed by the
 * connection's account. Ids and bytes are fixed here; nothing is sent.
 */
export async function prepareBatch(
  connection: Connection,
  transactions: readonly Transaction[],
  options: PrepareOptions = {},
): Promise<PreparedBatch> {
  const batch = new BatchTransaction();
  const innerIds: TransactionId[] = [];
  for (const transaction of transactions) {
    innerIds.push(configure(connection, transaction, { ...options, id: connection.nextTransactionId() }));
    batch.addInnerTransaction(await transaction.batchify(connection.client, connection.key.publicKey));
  }
  return { ...(await prepare(connection, batch, options)), innerIds };
}
