import { createRequire } from 'node:module';
import type { Server } from '@grpc/grpc-js';
import { load } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

const FILE = 'gatepost/agent/v1/agent.proto';

/** Server reflection, so that a client without the .proto files finds its way. */
export async function addReflection(server: Server): Promise<void> {
  const path = createRequire(import.meta.url).resolve(`@gatepost/proto/${FILE}`);
  const root = path.slice(0, -FILE.length);
  const definition = await load(FILE, { includeDirs: [root], keepCase: true });
  new ReflectionService(definition).addToServer(server);
}
