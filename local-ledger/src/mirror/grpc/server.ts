import { ConsensusTopicQuery } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import { addReflection } from '@gatepost/shared/reflection';
import { Server, ServerCredentials, type ServerWritableStream, type ServiceDefinition } from '@grpc/grpc-js';
import { API_DESCRIPTORS } from '../../api-descriptors.js';
import type { MirrorNetwork } from '../network.js';
import type { Listening } from '../rest/server.js';
import { sendNodes } from './get-nodes.js';
import { decodeRequest, toRpcError } from './rpc-error.js';
import { Subscription, type SubscriptionParts } from './subscription.js';
import { checkTopicQuery } from './topic-query.js';

/** Streams a connection may have open; a sixth waits without an error, as on the real mirror. */
const MAX_STREAMS_PER_CONNECTION = 5;

/** Largest request taken, in bytes. */
const MAX_REQUEST_BYTES = 64 * 1024;

const PACKAGE = 'com.hedera.mirror.api.proto';

type Call = ServerWritableStream<Buffer, Buffer>;

/**
 * Serves ConsensusService/subscribeTopic, NetworkService/getNodes and server reflection in plaintext. Port 0 takes any free one;
 * rejects when the port is taken. Messages stay bytes up to the handler, so that undecodable ones end a call and
 * nothing else.
 */
export async function startGrpc(
  ports: SubscriptionParts,
  network: MirrorNetwork,
  at: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const server = new Server({
    'grpc.max_concurrent_streams': MAX_STREAMS_PER_CONNECTION,
    'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
  });
  server.addService(serverStream(`${PACKAGE}.ConsensusService`, 'subscribeTopic'), {
    subscribeTopic: guarded((call) => {
      const query = decodeRequest(ConsensusTopicQuery, call.request);
      new Subscription(call, checkTopicQuery(query, ports.state, ports.clock.now()), ports).start();
    }),
  });
  server.addService(serverStream(`${PACKAGE}.NetworkService`, 'getNodes'), {
    getNodes: guarded((call) => sendNodes(call, network.nodes)),
  });
  const services = [`${PACKAGE}.ConsensusService`, `${PACKAGE}.NetworkService`];
  addReflection(server, { descriptorSet: API_DESCRIPTORS, services });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${at.host}:${at.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(listenError(error, at)),
    );
  });
  return {
    port,
    close: async () => server.forceShutdown(),
  };
}

/** grpc-js hides why it could not listen in a text; callers look for the code, as with any Node server. */
function listenError(error: Error, at: { readonly host: string; readonly port: number }): Error {
  if (!error.message.includes('EADDRINUSE')) return error;
  const message = `listen EADDRINUSE: address already in use ${at.host}:${at.port}`;
  return Object.assign(new Error(message, { cause: error }), { code: 'EADDRINUSE' });
}

/** Turns whatever a handler throws into the call's status. */
function guarded(handle: (call: Call) => void): (call: Call) => void {
  return (call) => {
    try {
      handle(call);
    } catch (cause) {
      const { code, details } = toRpcError(cause);
      call.emit('error', { code, details });
    }
  };
}

function serverStream(service: string, method: string): ServiceDefinition {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    [method]: {
      path: `/${service}/${method}`,
      requestStream: false,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
}
