import { promisify } from 'node:util';
import type {
  AgentServiceClient,
  ChallengeRequest,
  ChallengeResponse,
  RegisterRequest,
  RegisterResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { proveMutually, type Server } from './mutual-proof.js';

/**
 * Proves to a daemon that this process holds its account's key, and has it prove that it holds the agent's.
 * @throws GatepostError AGENT_UNTRUSTED, or what a call gives.
 */
export function register(client: AgentServiceClient, connection: Connection, agent: Server): Promise<RegisterResponse> {
  const challenge = promisify<ChallengeRequest, ChallengeResponse>(client.challenge.bind(client));
  return proveMutually(connection, agent, {
    challenge: async (caller) => {
      const { nonce, agentAccountId: account, expiresAtUnixMs } = await challenge({ coordinatorAccountId: caller });
      return { nonce, account, expiresAtUnixMs };
    },
    register: promisify<RegisterRequest, RegisterResponse>(client.register.bind(client)),
  });
}
