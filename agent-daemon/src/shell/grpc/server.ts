import { AgentServiceService } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { Server, type ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { addReflection } from './reflection.js';
import type { Registration } from './register.js';
import type { SessionHub } from './session-hub.js';

export const SERVICE_NAME = 'gatepost.agent.v1.AgentService';
/** What a message may hold besides one chunk of data. */
const MESSAGE_OVERHEAD_BYTES = 64 * 1_024;

export interface ServerParts {
  readonly registration: Registration;
  readonly hub: SessionHub;
  readonly credentials: ServerCredentials;
  /** host:port; port 0 for any free one. */
  readonly listen: string;
  readonly maxChunkBytes: number;
}

export interface RunningServer {
  readonly port: number;
  readonly health: HealthImplementation;
  close(): void;
}

function bind(server: Server, listen: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, port) => {
      if (error === null) return resolve(port);
      const { message } = toGatepostError(error);
      reject(new GatepostError('INVALID_CONFIG', `cannot listen on ${listen}: ${message}`, { listen }, error));
    });
  });
}

/** Starts the gRPC server: the agent service, health and reflection. @throws GatepostError INVALID_CONFIG */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const server = new Server({
    'grpc.max_receive_message_length': parts.maxChunkBytes + MESSAGE_OVERHEAD_BYTES,
    'grpc.max_concurrent_streams': 32,
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const { challenge, register } = parts.registration;
  server.addService(AgentServiceService, { challenge, register, session: parts.hub.session });
  const health = new HealthImplementation({ '': 'SERVING', [SERVICE_NAME]: 'SERVING' });
  health.addToServer(server);
  await addReflection(server);
  const port = await bind(server, parts.listen, parts.credentials);
  return { port, health, close: () => server.forceShutdown() };
}
