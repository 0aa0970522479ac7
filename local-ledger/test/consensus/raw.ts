import { accountId, transactionId } from '@gatepost/local-ledger/core/ids';
import { Status } from '@gatepost/local-ledger/core/status';
import type { SignaturePair } from '@gatepost/local-ledger/gen/services_basic_types';
import { Transaction, TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { SignedTransaction } from '@gatepost/local-ledger/gen/services_transaction_contents';
import { TransactionResponse } from '@gatepost/local-ledger/gen/services_transaction_response';
import { type DevelopmentKey, operatorKey } from '@gatepost/local-ledger/operator';
import { credentials, Client as GrpcClient } from '@grpc/grpc-js';

/** A plain gRPC client for bytes. */
export class RawClient {
  readonly #client: GrpcClient;

  constructor(port: number) {
    this.#client = new GrpcClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  call(path: string, request: Uint8Array): Promise<Buffer> {
    const same = (bytes: Buffer) => bytes;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, same, same, Buffer.from(request), (error, response) => {
        if (error) {
          reject(error);
        } else {
          resolve(response ?? Buffer.alloc(0));
        }
      });
    });
  }

  /** The name of the precheck code. */
  async submit(transaction: Uint8Array): Promise<string> {
    const response = TransactionResponse.decode(await this.call('/proto.CryptoService/cryptoTransfer', transaction));
    return Status[response.nodeTransactionPrecheckCode] ?? 'none';
  }

  close(): void {
    this.#client.close();
  }
}

let lastStart = 0n;

/** A valid start that no other call gets, ten seconds ago. */
export function freshStart(): bigint {
  const now = BigInt(Date.now() - 10_000) * 1_000_000n;
  lastStart = now > lastStart ? now : lastStart + 1n;
  return lastStart;
}

/** A valid body by 0.0.2: a transfer of nothing. */
export function plainBody(changes: Partial<TransactionBody> = {}): TransactionBody {
  return {
    ...TransactionBody.create(),
    transactionID: transactionId({ payer: 2, validStart: freshStart(), scheduled: false, nonce: 0 }),
    nodeAccountID: accountId(3),
    transactionFee: 200_000_000n,
    transactionValidDuration: { seconds: 120n },
    data: { $case: 'cryptoTransfer', value: { transfers: { accountAmounts: [] }, tokenTransfers: [] } },
    ...changes,
  };
}

export function pairBy(key: DevelopmentKey, bodyBytes: Uint8Array, prefixLength = 32): SignaturePair {
  const signature = { $case: 'ed25519' as const, value: key.sign(bodyBytes) };
  return { pubKeyPrefix: key.publicKey.subarray(0, prefixLength), signature };
}

/** The serialized SignedTransaction of a body. */
export function signedBytes(body: TransactionBody, keys: readonly DevelopmentKey[] = [operatorKey]): Uint8Array {
  const bodyBytes = TransactionBody.encode(body).finish();
  const sigMap = { sigPair: keys.map((key) => pairBy(key, bodyBytes)) };
  return SignedTransaction.encode({ bodyBytes, sigMap, useSerializedTxMessageHashAlgorithm: false }).finish();
}

/** The serialized Transaction around a serialized SignedTransaction. */
export function wrapped(signedTransactionBytes: Uint8Array): Uint8Array {
  return Transaction.encode({ ...Transaction.create(), signedTransactionBytes }).finish();
}

/** A serialized, signed Transaction. */
export function transactionBytes(body: TransactionBody, keys?: readonly DevelopmentKey[]): Uint8Array {
  return wrapped(signedBytes(body, keys));
}
