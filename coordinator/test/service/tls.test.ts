import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { addToken } from '@gatepost/coordinator/shell/service/tokens';
import { fingerprint, makeCertificate } from '@gatepost/shared/server/tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorProcess } from '../support/coordinator-process.js';
import { Serving } from '../support/serving.js';
import { Lane, TestLedger } from '../support/stage.js';

let ledger: TestLedger;
let lane: Lane;
let coordinator: CoordinatorProcess;
let serving: Serving;
let token: string;

const files = () => ({ cert: join(lane.directory, 'cert.pem'), key: join(lane.directory, 'key.pem') });

/** SHA-256 of the certificate that is shown at an address. */
async function shownAt(address: string): Promise<string> {
  const { hostname, port } = new URL(address.includes('://') ? address : `https://${address}`);
  const socket = connect({
    host: hostname,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  const digest = socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
  socket.destroy();
  return digest;
}

describe('a coordinator that serves with TLS', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    ledger = await TestLedger.start();
    lane = await Lane.open(ledger, { echo: { command: ['cat'] } });
    await makeCertificate(files(), 'coordinator');
    coordinator = new CoordinatorProcess(lane, '15s', {
      serve: { http: '127.0.0.1:0', grpc: '127.0.0.1:0', tls: files() },
    });
    token = addToken(join(lane.directory, 'tokens.yaml'), 'alice', ['submit']);
    serving = await Serving.start(coordinator);
  }, 120_000);

  afterAll(async () => {
    if (serving !== undefined) expect(await serving.stop(), serving.log).toBe(0);
    await lane?.close();
    await ledger?.close();
  }, 120_000);

  it('answers over https to who knows its certificate, and nothing in clear text', async () => {
    expect(serving.http).toMatch(/^https:/);
    const asked = request(`${serving.http}/v1/me`, {
      ca: readFileSync(files().cert),
      headers: { authorization: `Bearer ${token}` },
    }).end();
    const [response] = await once(asked, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    await expect(fetch(`${serving.http}/healthz`)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    await expect(fetch(`${serving.http.replace('https:', 'http:')}/healthz`)).rejects.toThrow();
  });

  it('takes a plan of `coordinator run --server` that names the certificate, and none in clear text', async () => {
    const planFile = join(lane.directory, 'plan.yaml');
    writeFileSync(
      planFile,
      'name: secret\nsequences: [{ id: s, tasks: [{ id: t, type: echo, price: 1, gate: none }] }]\n',
    );
    const env = { COORDINATOR_TOKEN: token, COORDINATOR_SERVER: serving.grpc };
    const clear = await coordinator.commandWithoutKey(env, 'run', planFile);
    expect(clear, clear.output).toMatchObject({ code: 1 });
    expect(clear.output).toContain(serving.grpc);
    const known = await coordinator.commandWithoutKey(env, 'run', planFile, '--server-ca', files().cert);
    expect(known, known.output).toMatchObject({ code: 0 });
  });

  it('shows a new certificate after SIGHUP, and keeps the old one when the files hold none', async () => {
    const before = fingerprint(readFileSync(files().cert, 'utf8'));
    for (const address of [serving.http, serving.grpc]) expect(await shownAt(address)).toBe(before);
    await makeCertificate(files(), 'renewed');
    const renewed = fingerprint(readFileSync(files().cert, 'utf8'));
    serving.child.kill('SIGHUP');
    for (const address of [serving.http, serving.grpc]) {
      await expect.poll(() => shownAt(address), { timeout: 20_000 }).toBe(renewed);
    }
    writeFileSync(files().cert, 'no certificate');
    serving.child.kill('SIGHUP');
    await expect.poll(() => serving.log, { timeout: 20_000 }).toContain('the certificate stays as it was');
    expect(await shownAt(serving.http)).toBe(renewed);
  });
});
