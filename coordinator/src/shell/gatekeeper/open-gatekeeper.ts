import { promisify } from 'node:util';
import { loopbackCredentials, pinnedCredentials } from '@gatepost/party/agents/certificate';
import { proveMutually } from '@gatepost/party/agents/mutual-proof';
import {
  type ChallengeRequest,
  type ChallengeResponse,
  GatekeeperServiceClient,
  type RegisterRequest,
  type RegisterResponse,
} from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { MESSAGE_OVERHEAD_BYTES } from '@gatepost/shared/vocabulary/session-bounds';

/** Where a gatekeeper says it can be reached, on the ledger. */
export interface GatekeeperAddress {
  readonly account: AccountId;
  readonly session: string;
  readonly address: string;
  readonly certSha256: Sha256 | undefined;
}

/** A gatekeeper that has proven to be the one. */
export interface OpenGatekeeper {
  readonly client: GatekeeperServiceClient;
  readonly sessionToken: string;
}

const KEEPALIVE_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Connects to a gatekeeper and registers with it. @throws GatepostError AGENT_UNTRUSTED, or what a call gives. */
export async function openGatekeeper(
  connection: Connection,
  { account, address, certSha256 }: GatekeeperAddress,
  insecureLoopback: boolean,
): Promise<OpenGatekeeper> {
  const credentials =
    certSha256 === undefined
      ? loopbackCredentials(address, insecureLoopback)
      : await pinnedCredentials(address, certSha256);
  const client = new GatekeeperServiceClient(address, credentials, {
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.max_receive_message_length': MESSAGE_OVERHEAD_BYTES,
    // The fingerprint is checked, not the name; TLS allows no address as a server name.
    'grpc.ssl_target_name_override': 'gatekeeper.gatepost',
  });
  const challenge = promisify<ChallengeRequest, ChallengeResponse>(client.challenge.bind(client));
  try {
    const server = { account, certificateSha256: certSha256 ?? '' };
    const { sessionToken } = await proveMutually(connection, server, {
      challenge: async (caller) => {
        const { nonce, gatekeeperAccountId, expiresAtUnixMs } = await challenge({ coordinatorAccountId: caller });
        return { nonce, account: gatekeeperAccountId, expiresAtUnixMs };
      },
      register: promisify<RegisterRequest, RegisterResponse>(client.register.bind(client)),
    });
    return { client, sessionToken };
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}
