import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinnedCredentials } from '@gatepost/party/agents/certificate';
import { register } from '@gatepost/party/agents/register';
import {
  AgentServiceClient,
  type AgentServiceServer,
  AgentServiceService,
  type RegisterRequest,
  RegisterResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { AccountKey } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { makeCertificate } from '@gatepost/shared/server/tls';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestLedger } from './support/stage.js';

const directory = mkdtempSync(join(tmpdir(), 'gatepost-impostors-'));
const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };

let ledger: TestLedger;
let coordinator: Connection;
let agent: Connection;
let certificateSha256: string;

beforeAll(async () => {
  ledger = await TestLedger.start();
  [coordinator, agent] = [(await ledger.member()).connection, (await ledger.member()).connection];
  await makeCertificate(files, 'agent');
  const der = Buffer.from(readFileSync(files.cert, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  certificateSha256 = sha256(der);
});

afterAll(async () => {
  for (const connection of [coordinator, agent]) connection.close();
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Serves with the agent's own certificate, and signs with a key; what the coordinator sent is kept. */
async function serve(key: AccountKey, account: string) {
  const asked: RegisterRequest[] = [];
  const nonce = randomBytes(32);
  const expiresAtUnixMs = BigInt(Date.now() + 30_000);
  const implementation: AgentServiceServer = {
    challenge: (_call, answer) => answer(null, { nonce, agentAccountId: account, expiresAtUnixMs }),
    register: ({ request }, answer) => {
      asked.push(request);
      const statement = {
        coordinator: request.coordinatorAccountId,
        agent: account,
        nonce: nonce.toString('hex'),
        coordinatorNonce: Buffer.from(request.coordinatorNonce).toString('hex'),
        certificateSha256,
        expiresAtMs: Number(expiresAtUnixMs),
      };
      const signature = Buffer.from(key.sign(registerStatementBytes('agent', statement)));
      answer(null, RegisterResponse.fromPartial({ signature, sessionToken: 't' }));
    },
    session: (call) => call.end(),
  };
  const server = new Server();
  server.addService(AgentServiceService, implementation);
  const pair = { cert_chain: readFileSync(files.cert), private_key: readFileSync(files.key) };
  const credentials = ServerCredentials.createSsl(null, [pair]);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  return { address: `127.0.0.1:${port}`, asked, close: () => server.forceShutdown() };
}

async function registerWith(address: string, pinned: string) {
  const client = new AgentServiceClient(address, await pinnedCredentials(address, pinned), {
    'grpc.ssl_target_name_override': 'agent.gatepost',
  });
  try {
    return await register(client, coordinator, { account: agent.account, certificateSha256: pinned });
  } finally {
    client.close();
  }
}

it('a daemon with the certificate of the ledger and the key of its account is trusted', async () => {
  const honest = await serve(agent.key, agent.account);
  await expect(registerWith(honest.address, certificateSha256)).resolves.toMatchObject({ sessionToken: 't' });
  honest.close();
});

it('one that shows another certificate than that of the ledger is not, and is told nothing', async () => {
  const moved = await serve(agent.key, agent.account);
  await expect(registerWith(moved.address, 'ab'.repeat(32))).rejects.toMatchObject({ code: 'AGENT_UNTRUSTED' });
  expect(moved.asked).toEqual([]);
  moved.close();
});

it('one that has the TLS key alone is not', async () => {
  const thief = await serve(coordinator.key, agent.account);
  await expect(registerWith(thief.address, certificateSha256)).rejects.toMatchObject({ code: 'AGENT_UNTRUSTED' });
  thief.close();
});

it('one that answers for another account is not, and is shown no signature', async () => {
  const other = await serve(coordinator.key, coordinator.account);
  await expect(registerWith(other.address, certificateSha256)).rejects.toThrow(/but .* answers/);
  expect(other.asked).toEqual([]);
  other.close();
});
