import { createRequire } from 'node:module';
import { AgentServiceService } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { addReflection } from '@gatepost/shared/reflection';
import { MESSAGE_OVERHEAD_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { Server, type ServerCredentials, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { type DoorLimits, FrontDoor } from './front-door.js';
import type { Registration } from './register.js';
import type { SessionHub } from './session-hub.js';

export const SERVICE_NAME = 'gatepost.agent.v1.AgentService';

/** The compiled .proto files of the agent service and of health, for server reflection. */
const DESCRIPTORS = createRequire(import.meta.url).resolve('@gatepost/proto/gen/api.binpb');

export interface ServerParts {
  readonly registration: Registration;
  readonly hub: SessionHub;
  readonly credentials: ServerCredentials;
  /** host:port; port 0 for any free one. */
  readonly listen: string;
  readonly maxChunkBytes: number;
  readonly door: DoorLimits;
}

export interface RunningServer {
  readonly port: number;
  readonly health: HealthImplementation;
  close(): void;
}

/** Tells the door of each request: of a session as it begins, of any other when all of it is there. */
const announcing =
  (heard: FrontDoor['heard']): ServerInterceptor =>
  (method, call) => {
    const isSession = method.path === AgentServiceService.session.path;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) =>
            isSession ? heard(call.getPeer(), () => pass(metadata)) : pass(metadata),
          onReceiveHalfClose: (pass) => (isSession ? pass() : heard(call.getPeer(), pass)),
        }),
    });
  };

/** Starts the gRPC server: the agent service, health and reflection. @throws GatepostError INVALID_CONFIG */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const door: FrontDoor = new FrontDoor(parts.door, (socket) => entrance.injectConnection(socket));
  const server = new Server({
    interceptors: [announcing((peer, go) => door.heard(peer, go))],
    'grpc.max_receive_message_length': parts.maxChunkBytes + MESSAGE_OVERHEAD_BYTES,
    // A coordinator needs one; a stranger gets no more than these worked at in one turn.
    'grpc.max_concurrent_streams': 8,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const { challenge, register } = parts.registration;
  server.addService(AgentServiceService, { challenge, register, session: parts.hub.session });
  const health = new HealthImplementation({ '': 'SERVING', [SERVICE_NAME]: 'SERVING' });
  health.addToServer(server);
  addReflection(server, { descriptorSet: DESCRIPTORS });
  const proven = (peer: string) => door.proven(peer);
  parts.registration.onProven = proven;
  parts.hub.onProven = proven;
  const entrance = server.createConnectionInjector(parts.credentials);
  const port = await door.open(parts.listen);
  const close = () => {
    door.close();
    server.forceShutdown();
  };
  return { port, health, close };
}
