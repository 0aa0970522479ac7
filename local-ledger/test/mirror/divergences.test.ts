import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNanos, toProtoTimestamp } from '../../src/mirror/format/timestamp.js';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror, TestSubscription, topicId, until } from './mirror-client.js';

describe('where the mirror differs from the public ones', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;

  beforeAll(async () => {
    source.account(1001);
    source.account(1003);
    source.topic(1002);
    mirror = await startTestMirror(source);
  });
  afterAll(() => mirror.close());

  const rows: Record<string, () => Promise<void>> = {
    M1: async () => {
      const first = await rest(mirror, '/accounts?account.id=1001&account.id=1003&limit=1');
      expect(first.body.links.next).toBe(
        '/api/v1/accounts?account.id=1001&account.id=1003&account.id=gt:0.0.1001&limit=1',
      );
      const second = await rest(mirror, first.body.links.next);
      expect(second.body.accounts[0].account).toBe('0.0.1003');
      expect(second.body.links.next).toBeNull();
    },
    M2: async () => {
      const before = source.next - 1n;
      source.emit({
        transfers: [{ account: 1001, amount: 7n, isApproval: false }],
        changes: [{ kind: 'account', account: source.makeAccount(1001, { balance: 1_000_007n, created: 1n }) }],
      });
      const past = await rest(mirror, `/balances?account.id=1001&timestamp=${formatNanos(before)}`);
      expect(past.body).toMatchObject({ timestamp: formatNanos(before), balances: [{ balance: 1_000_000 }] });
    },
    M3: async () => {
      const before = formatNanos(source.next - 1n);
      source.emit({
        changes: [
          { kind: 'account', account: source.makeAccount(1001, { memo: 'new', balance: 1_000_007n, created: 1n }) },
        ],
      });
      expect((await rest(mirror, `/accounts/1001?timestamp=${before}`)).body.memo).toBe('new');
    },
    M4: async () => {
      for (const path of [
        '/accounts/1001/nfts',
        '/contracts',
        '/blocks',
        '/network/stake',
        '/accounts/1001/allowances/nfts',
      ]) {
        expect((await rest(mirror, path)).status, path).toBe(404);
      }
      const { body } = await rest(mirror, '/transactions?limit=1');
      expect(body.transactions[0]).toMatchObject({ nft_transfers: [], staking_reward_transfers: [] });
    },
    M5: async () => {
      const end = source.next + 1_000n;
      const query = {
        topicID: topicId(1002),
        consensusStartTime: { seconds: 0n, nanos: 0 },
        consensusEndTime: toProtoTimestamp(end),
      };
      const stream = new TestSubscription(mirror.ports.grpc, query);
      await until(() => expect(mirror.faults.running()).toBe(1));
      source.next = end;
      expect((await stream.ended).code).toBe(status.OK);
      stream.close();
    },
    M6: async () => {
      const stream = new TestSubscription(mirror.ports.grpc, {
        topicID: topicId(1002),
        consensusStartTime: { seconds: 0n, nanos: 0 },
      });
      stream.pause();
      await until(() => expect(mirror.faults.running()).toBe(1));
      for (let n = 0; n < 2000; n++) source.message(1002, 'x'.repeat(1000));
      expect(mirror.faults.running()).toBe(1);
      stream.resume();
      await until(() => expect(stream.received).toHaveLength(2000));
      stream.close();
    },
    M7: async () => {
      const { body } = await rest(mirror, '/network/nodes');
      expect(body.nodes[0]).toMatchObject({ node_cert_hash: '0x', public_key: '0x', stake: 0 });
    },
    M8: async () => {
      const answers = await Promise.all(Array.from({ length: 300 }, () => rest(mirror, '/accounts/1001')));
      expect(answers.every((one) => one.status === 200)).toBe(true);
      const limited = await startTestMirror(source, { restPerSecond: 50 });
      const some = await Promise.all(Array.from({ length: 60 }, () => rest(limited, '/accounts/1001')));
      await limited.close();
      expect(some.filter((one) => one.status === 200)).toHaveLength(50);
      const refused = some.filter((one) => one.status === 429);
      expect(refused).toHaveLength(10);
      expect(refused[0]?.body).toEqual({ _status: { messages: [{ message: 'Too Many Requests' }] } });
      expect(refused[0]?.headers.get('retry-after')).toBeNull();
    },
    M9: async () => {
      const { body } = await rest(mirror, '/transactions?limit=100');
      expect(body.transactions.every((one: { max_custom_fees: unknown[] }) => one.max_custom_fees.length === 0)).toBe(
        true,
      );
    },
  };

  it.each(Object.keys(rows))('%s', (id) => rows[id]?.());

  it('says so in the documentation, row by row', () => {
    const text = readFileSync(new URL('../../docs/mirror.md', import.meta.url), 'utf8');
    expect([...text.matchAll(/^\| (M\d+) \|/gm)].map(([, id]) => id)).toEqual(Object.keys(rows));
  });
});
