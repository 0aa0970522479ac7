import {
  type Metadata,
  Server,
  type ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { addReflection } from '../reflection.js';
import { MESSAGE_OVERHEAD_BYTES } from '../vocabulary/session-bounds.js';
import { type DoorLimits, FrontDoor } from './front-door.js';

/** One service that is served beside health and reflection. */
export interface ServedService {
  /** Full name, such as `gatepost.agent.v1.AgentService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** Streams that the caller opens and keeps open, by their paths. */
  readonly streams: readonly string[];
  /** File with the compiled .proto files of the service and of health, for server reflection. */
  readonly descriptors: string;
}

export interface ServerParts {
  readonly service: ServedService;
  readonly credentials: ServerCredentials;
  /** host:port; port 0 for any free one. */
  readonly listen: string;
  readonly maxChunkBytes: number;
  readonly door: DoorLimits;
  /** Whether what a request shows proves whose it is; its connection is not bounded as a stranger's from then on. */
  readonly proves?: (metadata: Metadata) => boolean;
}

export interface RunningServer {
  readonly port: number;
  readonly health: HealthImplementation;
  /** A connection has proven whose it is. */
  proven(peer: string): void;
  close(): void;
}

/** Tells the door of each request: of a kept stream as it begins, of any other when all of it is there. */
const announcing =
  (door: Pick<FrontDoor, 'heard' | 'proven'>, { service, proves }: ServerParts): ServerInterceptor =>
  (method, call) => {
    const isStream = service.streams.includes(method.path);
    const heard: FrontDoor['heard'] = (peer, go) => door.heard(peer, go);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            if (proves?.(metadata) === true) door.proven(call.getPeer());
            if (isStream) heard(call.getPeer(), () => pass(metadata));
            else pass(metadata);
          },
          onReceiveHalfClose: (pass) => (isStream ? pass() : heard(call.getPeer(), pass)),
        }),
    });
  };

/** Starts a gRPC server: the service, health and reflection. @throws GatepostError INVALID_CONFIG */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { service, credentials, listen, maxChunkBytes, door: limits } = parts;
  const door: FrontDoor = new FrontDoor(limits, (socket) => entrance.injectConnection(socket));
  const server = new Server({
    interceptors: [announcing(door, parts)],
    'grpc.max_receive_message_length': maxChunkBytes + MESSAGE_OVERHEAD_BYTES,
    // Who belongs here needs few; a stranger gets no more than these worked at in one turn.
    'grpc.max_concurrent_streams': 8,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  server.addService(service.definition, service.implementation);
  const health = new HealthImplementation({ '': 'SERVING', [service.name]: 'SERVING' });
  health.addToServer(server);
  const services = [service.name, 'grpc.health.v1.Health'];
  addReflection(server, { descriptorSet: service.descriptors, services });
  const entrance = server.createConnectionInjector(credentials);
  const port = await door.open(listen);
  const close = () => {
    door.close();
    server.forceShutdown();
  };
  return { port, health, proven: (peer) => door.proven(peer), close };
}
