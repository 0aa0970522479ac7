import { randomBytes } from 'node:crypto';
import { verifySignature } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { type RegisterStatement, registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';

/** Highest version of the protocols that this code speaks. */
const PROTOCOL_VERSION = 1;
const NONCE_BYTES = 32;

/** Who is said to serve at an address. */
export interface Server {
  readonly account: AccountId;
  /** Empty on an insecure loopback. */
  readonly certificateSha256: string;
}

/** What a server's challenge holds. */
export interface ServerChallenge {
  readonly nonce: Uint8Array;
  /** Whose server it says it is. */
  readonly account: string;
  readonly expiresAtUnixMs: bigint;
}

/** What is sent to prove who calls. */
export interface CallerProof {
  readonly coordinatorAccountId: string;
  readonly nonce: Uint8Array;
  readonly coordinatorNonce: Uint8Array;
  readonly signature: Uint8Array;
  readonly protocolVersion: number;
}

/** The two calls of the handshake, whatever the service. */
export interface HandshakeCalls<R extends { readonly signature: Uint8Array }> {
  challenge(caller: AccountId): Promise<ServerChallenge>;
  register(proof: CallerProof): Promise<R>;
}

const untrusted = (account: AccountId, why: string) =>
  new GatepostError('AGENT_UNTRUSTED', `the server of ${account} ${why}`, { account });

/**
 * Proves to a server that this process holds its account's key, and has it prove that it holds the server's.
 * @throws GatepostError AGENT_UNTRUSTED, or what a call gives.
 */
export async function proveMutually<R extends { readonly signature: Uint8Array }>(
  connection: Connection,
  { account, certificateSha256 }: Server,
  calls: HandshakeCalls<R>,
): Promise<R> {
  const { nonce, account: answering, expiresAtUnixMs } = await calls.challenge(connection.account);
  if (answering !== account) throw untrusted(account, `is announced there, but ${answering} answers`);
  const coordinatorNonce = randomBytes(NONCE_BYTES);
  const statement: RegisterStatement = {
    coordinator: connection.account,
    agent: account,
    nonce: Buffer.from(nonce).toString('hex'),
    coordinatorNonce: coordinatorNonce.toString('hex'),
    certificateSha256,
    expiresAtMs: Number(expiresAtUnixMs),
  };
  const response = await calls.register({
    coordinatorAccountId: connection.account,
    nonce,
    coordinatorNonce,
    signature: Buffer.from(connection.key.sign(registerStatementBytes('coordinator', statement))),
    protocolVersion: PROTOCOL_VERSION,
  });
  const key = await connection.mirror.keyOf(account);
  const signed = registerStatementBytes('agent', statement);
  if (key === null || !verifySignature(key, signed, response.signature)) {
    throw untrusted(account, 'did not prove that it holds its account key');
  }
  return response;
}
