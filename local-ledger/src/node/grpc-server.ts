import { addReflection } from '@gatepost/shared/reflection';
import {
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { API_DESCRIPTORS } from '../api-descriptors.js';
import { limits } from '../core/limits.js';
import { type QueryService, UnreadableQuery } from './query-service.js';
import { type RpcKind, services } from './rpcs.js';
import { LostResponse, type TransactionService } from './transaction-service.js';

type RawMethod = MethodDefinition<Buffer, Buffer>;
type RawHandler = handleUnaryCall<Buffer, Buffer>;

/** Largest request looked at, in bytes: more than any transaction may have, so that the refusal is the network's. */
const MAX_REQUEST_BYTES = 4_194_304;

/** Messages stay bytes here: nothing is decoded before our own code can refuse it. */
function rawMethod(path: string): RawMethod {
  const same = (bytes: Buffer) => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** A listening consensus node. */
export interface ConsensusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the consensus services and server reflection on `host`:`port` (0 picks a free one). */
export async function serveConsensus(
  address: { readonly host: string; readonly port: number },
  transactions: TransactionService,
  queries: QueryService,
): Promise<ConsensusServer> {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_REQUEST_BYTES });
  for (const [service, rpcs] of Object.entries(services)) {
    const definition: Record<string, RawMethod> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const kind of ['transaction', 'query'] as const satisfies readonly RpcKind[]) {
      for (const rpc of rpcs[kind]) {
        definition[rpc] = rawMethod(`/${service}/${rpc}`);
        implementation[rpc] = kind === 'query' ? queryHandler(rpc, queries) : transactionHandler(rpc, transactions);
      }
    }
    server.addService(definition as ServiceDefinition, implementation);
  }
  addReflection(server, { descriptorSet: API_DESCRIPTORS, services: Object.keys(services) });
  const port = await bind(server, `${address.host}:${address.port}`);
  return { port, close: () => stop(server) };
}

function transactionHandler(rpc: string, transactions: TransactionService): RawHandler {
  return (call, callback) => {
    if (call.request.length > limits.governanceTransactionBytes) {
      callback({ code: status.UNKNOWN, details: '' });
      return;
    }
    try {
      callback(null, Buffer.from(transactions.submit(rpc, call.request)));
    } catch (error) {
      const code = error instanceof LostResponse ? status.UNAVAILABLE : status.INTERNAL;
      callback({ code, details: 'connection lost' });
    }
  };
}

function queryHandler(rpc: string, queries: QueryService): RawHandler {
  return (call, callback) => {
    queries.answer(rpc, call.request).then(
      (bytes) => callback(null, Buffer.from(bytes)),
      (error: unknown) => {
        const code = error instanceof UnreadableQuery ? status.INVALID_ARGUMENT : status.INTERNAL;
        callback({ code, details: error instanceof Error ? error.message : 'failed' });
      },
    );
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) {
        resolve(port);
      } else {
        reject(error);
      }
    });
  });
}

/** Ends open calls at once: clients keep their channels open for long. */
async function stop(server: Server): Promise<void> {
  server.forceShutdown();
}
