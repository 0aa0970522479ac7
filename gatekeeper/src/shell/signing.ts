import type { Cosignature, CosignRequest } from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { readBatch } from '@gatepost/shared/hedera/cosigned/batch';
import type { BatchReading, EscrowBatch } from '@gatepost/shared/ledger/cosigner';
import { accountId, type TransactionId } from '@gatepost/shared/vocabulary/ids';

/** Reads what is to be signed, and signs; it decides nothing. */
export interface Signing {
  /** What a request would do; an objection when it is not exactly a batch that pays. */
  read(request: CosignRequest): BatchReading;
  sign(batch: EscrowBatch): Cosignature;
}

const TRANSACTION_ID = /^0\.0\.\d{1,10}@\d{1,12}\.\d{9}$/;
const ACCOUNT_ID = /^0\.0\.\d{1,10}$/;

/** Signs with the key of a connection's account. */
export function signing({ key }: Connection): Signing {
  const publicKey = key.publicKey.toStringDer();
  return {
    read: ({ inner, outer }) => {
      const { transactionId = '', validSeconds = 0, nodeAccountId = '', maxFeeTinybar = 0n } = outer ?? {};
      if (!TRANSACTION_ID.test(transactionId) || !ACCOUNT_ID.test(nodeAccountId)) {
        return { objection: 'it names no transaction id or no node' };
      }
      const id = transactionId as TransactionId;
      return readBatch(
        { inner, outer: { id, validSeconds, node: accountId(nodeAccountId), maxFeeTinybar } },
        publicKey,
      );
    },
    sign: (batch) => batch.sign({ publicKey, sign: (message) => key.sign(message) }),
  };
}
