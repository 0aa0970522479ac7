import { AgentServiceClient, type RegisterResponse } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { MAX_CHUNK_BYTES, MESSAGE_OVERHEAD_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { loopbackCredentials, pinnedCredentials } from './certificate.js';
import { register } from './register.js';

/** Where an agent says it can be reached, on the ledger. */
export interface AgentAddress {
  readonly account: AccountId;
  readonly address: string;
  readonly certSha256: Sha256 | undefined;
}

/** A daemon that has proven to be the agent's, before the session. */
export interface OpenAgent {
  readonly client: AgentServiceClient;
  readonly sessionToken: string;
  readonly limits: RegisterResponse['limits'];
  /** Largest part of an input or output in one message, bytes. */
  readonly maxChunkBytes: number;
}

const DEFAULT_CHUNK_BYTES = 65_536;
const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Connects to an agent's daemon and registers with it. @throws GatepostError AGENT_UNTRUSTED, or what a call gives. */
export async function openAgent(
  connection: Connection,
  { account: agent, address, certSha256 }: AgentAddress,
  insecureLoopback: boolean,
): Promise<OpenAgent> {
  const credentials =
    certSha256 === undefined
      ? loopbackCredentials(address, insecureLoopback)
      : await pinnedCredentials(address, certSha256);
  const client = new AgentServiceClient(address, credentials, {
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.max_receive_message_length': MAX_CHUNK_BYTES + MESSAGE_OVERHEAD_BYTES,
    // The fingerprint is checked, not the name; TLS allows no address as a server name.
    'grpc.ssl_target_name_override': 'agent.gatepost',
  });
  try {
    const { sessionToken, limits } = await register(client, connection, {
      account: agent,
      certificateSha256: certSha256 ?? '',
    });
    const maxChunkBytes = Math.min(limits?.maxChunkBytes || DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES);
    return { client, sessionToken, limits, maxChunkBytes };
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}
