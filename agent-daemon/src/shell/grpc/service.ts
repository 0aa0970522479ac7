import { createRequire } from 'node:module';
import { AgentServiceService } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { ServedService } from '@gatepost/shared/server/grpc-server';
import type { Registration } from './register.js';
import type { SessionHub } from './session-hub.js';

const DESCRIPTORS = createRequire(import.meta.url).resolve('@gatepost/proto/gen/api.binpb');

export const SERVICE_NAME = 'gatepost.agent.v1.AgentService';

/** The agent service, as it is served. */
export const agentService = ({ challenge, register }: Registration, hub: SessionHub): ServedService => ({
  name: SERVICE_NAME,
  definition: AgentServiceService,
  implementation: { challenge, register, session: hub.session },
  streams: [AgentServiceService.session.path],
  descriptors: DESCRIPTORS,
});
