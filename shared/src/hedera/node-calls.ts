import { credentials, Client as GrpcClient, type ServiceError, status } from '@grpc/grpc-js';
import { proto } from '@hiero-ledger/proto';

/** How long a node may take to answer. */
const ANSWER_WITHIN_MS = 10_000;

/** What a node said of a transaction (`OK`, `BUSY`, `DUPLICATE_TRANSACTION` and so on), or why it said nothing. */
export type NodeAnswer = { readonly status: string } | { readonly silence: string };

const unchanged = (bytes: Buffer): Buffer => bytes;

/** Calls of a network's nodes, each through one channel of this process. Those that take TLS are not called. */
export class NodeCalls {
  readonly #clients = new Map<string, GrpcClient>();

  /** Hands a signed transaction with a message to a node: one that is for this node. */
  submitMessage(address: string, transaction: Uint8Array): Promise<NodeAnswer> {
    const client = this.#clients.get(address) ?? this.#open(address);
    const path = '/proto.ConsensusService/submitMessage';
    const deadline = Date.now() + ANSWER_WITHIN_MS;
    return new Promise((answer) => {
      client.makeUnaryRequest(
        path,
        unchanged,
        precheckOf,
        Buffer.from(transaction),
        { deadline },
        (error, precheck) => {
          answer(precheck === undefined ? { silence: silenceOf(error) } : { status: precheck });
        },
      );
    });
  }

  #open(address: string): GrpcClient {
    const client = new GrpcClient(address, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 100_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 250,
      'grpc.max_reconnect_backoff_ms': 8_000,
    });
    this.#clients.set(address, client);
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}

function precheckOf(response: Buffer): string {
  const code = proto.TransactionResponse.decode(response).nodeTransactionPrecheckCode;
  return proto.ResponseCodeEnum[code] ?? `status ${code}`;
}

const silenceOf = (error: ServiceError | null): string =>
  error === null ? 'an answer without content' : `${status[error.code] ?? error.code}: ${error.details}`;
