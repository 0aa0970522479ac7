import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ledger, startLedger } from '../src/ledger.js';
import { services } from '../src/node/rpcs.js';
import { reflectionClient } from './reflection-client.js';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger?.close());

const clientOf = (version: string, port: number) =>
  reflectionClient(version, `${ledger.host}:${port}`, credentials.createInsecure());

describe.each(['v1', 'v1alpha'])('server reflection %s', (version) => {
  it('of the node tells the services and their rpcs, all of which the node serves', async () => {
    const client = clientOf(version, ledger.ports.consensus);
    expect((await client.services()).sort()).toEqual(Object.keys(services).sort());
    for (const [name, { transaction, query }] of Object.entries(services)) {
      const described = (await client.service(name)).methods;
      const names = described.map((method) => method.name);
      expect([...transaction, ...query], name).toEqual(expect.arrayContaining(names));
      for (const method of described) {
        const [takes, gives] = query.includes(method.name)
          ? ['Query', 'Response']
          : ['Transaction', 'TransactionResponse'];
        expect([method.input.name, method.output.name], method.name).toEqual([takes, gives]);
      }
    }
    client.close();
  });

  it('of the mirror tells its two services', async () => {
    const client = clientOf(version, ledger.ports.mirrorGrpc);
    const names = ['com.hedera.mirror.api.proto.ConsensusService', 'com.hedera.mirror.api.proto.NetworkService'];
    expect((await client.services()).sort()).toEqual(names);
    const rpcs = await Promise.all(names.map(async (name) => (await client.service(name)).methods));
    expect(rpcs.flat().map(({ name, methodKind }) => [name, methodKind])).toEqual([
      ['subscribeTopic', 'server_streaming'],
      ['getNodes', 'server_streaming'],
    ]);
    client.close();
  });

  it('refuses a name that is nowhere', async () => {
    const client = clientOf(version, ledger.ports.consensus);
    await expect(client.service('proto.NoSuchService')).rejects.toThrow('proto.NoSuchService');
    client.close();
  });
});
