import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type {
  AgentServiceClient,
  ChallengeRequest,
  ChallengeResponse,
  RegisterRequest,
  RegisterResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { verifySignature } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { type RegisterStatement, registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';

/** Highest version of the session protocol this code speaks. */
const PROTOCOL_VERSION = 1;
const NONCE_BYTES = 32;

/** Whom to register with. */
export interface Registrant {
  readonly agent: AccountId;
  /** Empty on an insecure loopback. */
  readonly certificateSha256: string;
}

const untrusted = (agent: AccountId, why: string) =>
  new GatepostError('AGENT_UNTRUSTED', `agent ${agent} ${why}`, { agent });

/**
 * Proves to a daemon that this process holds the coordinator's key, and has it prove that it holds the agent's.
 * @throws GatepostError AGENT_UNTRUSTED, or what the call gives.
 */
export async function register(
  client: AgentServiceClient,
  connection: Connection,
  { agent, certificateSha256 }: Registrant,
): Promise<RegisterResponse> {
  const challenge = promisify<ChallengeRequest, ChallengeResponse>(client.challenge.bind(client));
  const { nonce, agentAccountId, expiresAtUnixMs } = await challenge({ coordinatorAccountId: connection.account });
  if (agentAccountId !== agent) throw untrusted(agent, `is announced there, but ${agentAccountId} answers`);
  const coordinatorNonce = randomBytes(NONCE_BYTES);
  const statement: RegisterStatement = {
    coordinator: connection.account,
    agent,
    nonce: Buffer.from(nonce).toString('hex'),
    coordinatorNonce: coordinatorNonce.toString('hex'),
    certificateSha256,
    expiresAtMs: Number(expiresAtUnixMs),
  };
  const prove = promisify<RegisterRequest, RegisterResponse>(client.register.bind(client));
  const response = await prove({
    coordinatorAccountId: connection.account,
    nonce,
    coordinatorNonce,
    signature: Buffer.from(connection.key.sign(registerStatementBytes('coordinator', statement))),
    protocolVersion: PROTOCOL_VERSION,
  });
  const { key } = await connection.mirror.account(agent);
  const signed = registerStatementBytes('agent', statement);
  if (key === null || !verifySignature(key, signed, response.signature)) {
    throw untrusted(agent, 'did not prove that it holds its account key');
  }
  return response;
}
