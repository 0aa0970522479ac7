import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  AccountId,
  Client,
  PrivateKey,
  TopicCreateTransaction,
  TopicInfoQuery,
  TopicMessageSubmitTransaction,
} from '@hashgraph/sdk';
import { afterEach, describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../../bin/local-ledger.js', import.meta.url));
const freePorts = ['--port', '--mirror-grpc-port', '--mirror-rest-port', '--fees-port', '--control-port'].flatMap(
  (p) => [p, '0'],
);
/** An address by which other hosts reach this one. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
let running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
  running = [];
});

interface Ready {
  readonly ports: Readonly<Record<'consensus' | 'mirrorGrpc' | 'mirrorRest' | 'fees' | 'control', number>>;
  readonly operator: { readonly accountId: string; readonly privateKey: string };
  readonly accounts: readonly { readonly accountId: string }[];
}

async function launch(...args: string[]): Promise<{ child: ChildProcess; ready: Ready; client: Client }> {
  const child = spawn(process.execPath, [command, ...freePorts, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise<string[]>((resolve) => lines.once('line', (text) => resolve([text])));
  const ready: Ready = JSON.parse(line ?? '');
  const client = Client.forNetwork({ [`127.0.0.1:${ready.ports.consensus}`]: new AccountId(3) });
  client.setOperator(ready.operator.accountId, PrivateKey.fromStringDer(ready.operator.privateKey));
  return { child, ready, client };
}

function result(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

describe('the command', () => {
  it('says with one line of JSON what it serves', async () => {
    const { ready, client } = await launch('--accounts', '3');
    expect(ready.accounts.map(({ accountId }) => accountId)).toEqual(['0.0.1002', '0.0.1003', '0.0.1004']);
    client.close();
  });

  it('explains bad input and exits with 2', async () => {
    expect(await result('--port', 'abc')).toMatchObject({
      code: 2,
      output: expect.stringContaining('A port is a whole number'),
    });
    expect(await result('--host', '0.0.0.0', '--trusted-network')).toMatchObject({
      code: 2,
      output: expect.stringContaining('Name the one IPv4 address'),
    });
    expect(await result('--profile', 'fast')).toMatchObject({ code: 2 });
    expect(await result('--nonsense')).toMatchObject({ code: 2 });
    expect(await result('--help')).toMatchObject({ code: 0, output: expect.stringContaining('Examples:') });
  });

  it('tells a shell the variables with which an SDK reaches the network that the same options start', async () => {
    const { ready, client } = await launch();
    client.close();
    const { consensus, mirrorGrpc, mirrorRest, fees } = ready.ports;
    const ports = ['--port', consensus, '--mirror-grpc-port', mirrorGrpc, '--mirror-rest-port', mirrorRest];
    const local = ['"$0" "$1" --env', ...ports, '--fees-port', fees].join(' ');
    const script = `eval "$(${local})" && env`;
    const shell = await promisify(execFile)('sh', ['-ec', script, process.execPath, command], {
      env: { PATH: '/usr/bin:/bin' },
    });
    const env = Object.fromEntries(shell.stdout.split('\n').map((line) => line.split(/=(.*)/).slice(0, 2)));
    const own = Client.forNetwork({ [env.NODE_IP]: AccountId.fromString(env.NODE_ACCOUNT_ID) });
    own.setMirrorNetwork([env.MIRROR_NETWORK]).setOperator(env.OPERATOR_ID, PrivateKey.fromStringDer(env.OPERATOR_KEY));
    const { topicId } = await (await new TopicCreateTransaction().execute(own)).getReceipt(own);
    expect((await fetch(`${env.MIRROR_NODE_REST_URL}/api/v1/topics/${topicId}`)).status).toBe(200);
    expect((await fetch(`${env.MIRROR_NODE_REST_JAVA_URL}/api/v1/topics/${topicId}`)).status).toBe(200);
    own.close();
  });

  it('does not tell a shell of a port that nobody knows yet', async () => {
    expect(await result('--env', '--port', '0')).toEqual({
      code: 1,
      output: expect.stringContaining('name the ports'),
    });
    expect(await result('--env', '--json')).toMatchObject({ code: 2 });
  });

  it('serves other hosts only when it is told that they are trusted', async () => {
    expect(await result('--host', '192.0.2.1')).toEqual({
      code: 2,
      output: expect.stringMatching(/operator's key is public.*--trusted-network.*ssh -L/s),
    });
  });

  it.skipIf(ownAddress === undefined)(
    'serves other hosts (where this one has an address), controls excepted',
    async () => {
      const { ready, client } = await launch('--host', `${ownAddress}`, '--trusted-network');
      client.close();
      const { consensus, mirrorRest, control } = ready.ports;
      const own = Client.forNetwork({ [`${ownAddress}:${consensus}`]: new AccountId(3) });
      own.setOperator(ready.operator.accountId, PrivateKey.fromStringDer(ready.operator.privateKey));
      const { topicId } = await (await new TopicCreateTransaction().execute(own)).getReceipt(own);
      own.close();
      const rest = `http://${ownAddress}:${mirrorRest}/api/v1`;
      expect((await fetch(`${rest}/topics/${topicId}`)).status).toBe(200);
      const { nodes } = (await (await fetch(`${rest}/network/nodes`)).json()) as {
        nodes: { service_endpoints: object[] }[];
      };
      expect(nodes[0]?.service_endpoints).toMatchObject([{ ip_address_v4: ownAddress, port: consensus }]);
      await expect(fetch(`http://127.0.0.1:${mirrorRest}/api/v1/network/nodes`)).rejects.toThrow();
      expect((await fetch(`http://127.0.0.1:${control}/`)).status).toBe(404);
      await expect(fetch(`http://${ownAddress}:${control}/`)).rejects.toThrow();
    },
  );

  it('says which port is taken', async () => {
    const { ready, client } = await launch();
    const taken = [...freePorts, '--port', `${ready.ports.consensus}`];
    expect(await result(...taken)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/EADDRINUSE.*choose other ports/s),
    });
    client.close();
  });

  it('loses nothing that has a receipt when it is killed', async () => {
    const data = mkdtempSync(join(tmpdir(), 'ledger-'));
    const first = await launch('--data', data);
    const created = await new TopicCreateTransaction().execute(first.client);
    const topicId = (await created.getReceipt(first.client)).topicId ?? '';
    const submit = async () => {
      const response = await new TopicMessageSubmitTransaction({ topicId, message: 'kept' }).execute(first.client);
      const receipt = await response.getReceipt(first.client);
      return Buffer.from(receipt.topicRunningHash ?? []).toString('hex');
    };
    const hashes = await Promise.all(Array.from({ length: 20 }, submit));
    const gone = new Promise((resolve) => first.child.once('exit', resolve));
    first.child.kill('SIGKILL');
    await gone;
    first.client.close();
    const second = await launch('--data', data);
    const info = await new TopicInfoQuery().setTopicId(topicId).execute(second.client);
    expect(info.sequenceNumber.toString()).toBe('20');
    expect(hashes).toContain(Buffer.from(info.runningHash).toString('hex'));
    second.client.close();
    rmSync(data, { recursive: true });
  });
});
