import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordItem } from '../../src/core/record-item.js';
import { formatTransactionId } from '../../src/mirror/rest/transaction-view.js';
import type { Mirror } from '../../src/mirror/start.js';
import { ed25519, HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror } from './mirror-client.js';

const names = (body: { transactions: { name: string }[] }) => body.transactions.map((one) => one.name);

describe('REST transactions and schedules', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;
  let transfer: RecordItem;
  let batch: RecordItem;
  let scheduled: RecordItem;

  beforeAll(async () => {
    source.account(1001);
    transfer = source.emit({
      memo: 'thanks',
      transactionId: { payer: 1001, validStart: 1_600_000_000_000_000_005n, scheduled: false, nonce: 0 },
      transfers: [
        { account: 1002, amount: 900n, isApproval: false },
        { account: 802, amount: 100n, isApproval: false },
        { account: 1001, amount: -1000n, isApproval: true },
      ],
      tokenTransfers: [
        { token: 1010, account: 1003, amount: 5n, isApproval: false },
        { token: 1010, account: 1001, amount: -5n, isApproval: false },
      ],
      maxFee: 2n ** 64n - 1n,
    });
    source.emit({ name: 'TOKENMINT', status: 178 });
    batch = source.emit({ name: 'ATOMICBATCH' });
    const inner = { parentConsensusTimestamp: batch.consensusTimestamp, batchKey: ed25519(1), node: undefined };
    source.emit({ ...inner, name: 'CRYPTOTRANSFER', transactionId: { ...batch.transactionId, payer: 1001 } });
    source.emit({ ...inner, name: 'CONSENSUSSUBMITMESSAGE', transactionId: { ...batch.transactionId, payer: 1002 } });
    const created = source.schedule(1020, {
      signatures: [
        {
          publicKey: new Uint8Array(32).fill(7),
          type: 'ED25519',
          signature: new Uint8Array(64),
          consensusTimestamp: source.next,
        },
      ],
    });
    scheduled = source.emit({
      name: 'CRYPTOTRANSFER',
      schedule: 1020,
      transactionId: { ...created.transactionId, scheduled: true },
    });
    source.schedule(1021, {
      executed: scheduled.consensusTimestamp,
      waitForExpiry: true,
      expiryExplicit: true,
      creator: 1001,
    });
    mirror = await startTestMirror(source);
  });
  afterAll(() => mirror.close());

  it('shows every field with its type', async () => {
    const { body } = await rest(mirror, `/transactions/${formatTransactionId(transfer.transactionId)}`);
    expect(body).toEqual({
      transactions: [
        {
          assessed_custom_fees: [],
          batch_key: null,
          bytes: null,
          charged_tx_fee: 100000,
          consensus_timestamp: expect.stringMatching(/^1700000000\.\d{9}$/),
          entity_id: null,
          max_custom_fees: [],
          max_fee: '18446744073709551615',
          memo_base64: Buffer.from('thanks').toString('base64'),
          name: 'CRYPTOTRANSFER',
          nft_transfers: [],
          node: '0.0.3',
          nonce: 0,
          parent_consensus_timestamp: null,
          result: 'SUCCESS',
          scheduled: false,
          staking_reward_transfers: [],
          token_transfers: [
            { token_id: '0.0.1010', account: '0.0.1001', amount: -5, is_approval: false },
            { token_id: '0.0.1010', account: '0.0.1003', amount: 5, is_approval: false },
          ],
          transaction_hash: Buffer.from(transfer.transactionHash).toString('base64'),
          transaction_id: '0.0.1001-1600000000-000000005',
          transfers: [
            { account: '0.0.802', amount: 100, is_approval: false },
            { account: '0.0.1001', amount: -1000, is_approval: true },
            { account: '0.0.1002', amount: 900, is_approval: false },
          ],
          valid_duration_seconds: '120',
          valid_start_timestamp: '1600000000.000000005',
        },
      ],
    });
  });

  it('lists newest first and pages by timestamp', async () => {
    const { body } = await rest(mirror, '/transactions?limit=2');
    expect(names(body)).toEqual(['SCHEDULECREATE', 'CRYPTOTRANSFER']);
    expect(body.links.next).toBe(
      `/api/v1/transactions?limit=2&timestamp=lt:${body.transactions[1].consensus_timestamp}`,
    );
    const all = [...names(body)];
    for (let next = body.links.next; next !== null; ) {
      const page = (await rest(mirror, next)).body;
      all.push(...names(page));
      next = page.links.next;
    }
    expect(all).toEqual(names((await rest(mirror, '/transactions')).body));
  });

  it.each([
    ['result=fail', ['TOKENMINT']],
    ['result=SUCCESS&transactiontype=tokenmint', []],
    ['transactiontype=ATOMICBATCH&transactiontype=TOKENMINT', ['ATOMICBATCH', 'TOKENMINT']],
    ['account.id=1003', ['CRYPTOTRANSFER']],
    ['account.id=0.0.1002', ['CONSENSUSSUBMITMESSAGE', 'CRYPTOTRANSFER']],
    ['account.id=1003&account.id=1002', ['CONSENSUSSUBMITMESSAGE', 'CRYPTOTRANSFER']],
    ['account.id=1003&account.id=4711&transactiontype=CONSENSUSSUBMITMESSAGE', []],
    ['account.id=1002&type=credit', ['CRYPTOTRANSFER']],
    ['account.id=1002&type=debit', []],
    ['type=debit&type=credit', []],
    ['account.id=4711', []],
    ['timestamp=lte:1700000000.000000000&order=asc', ['CRYPTOCREATEACCOUNT']],
    ['transactiontype=TOKENWIPE', []],
  ])('filters by %s', async (query, expected) => {
    expect(names((await rest(mirror, `/transactions?${query}`)).body)).toEqual(expected);
  });

  it('lists the inner transactions with their batch', async () => {
    const { body } = await rest(mirror, `/transactions/${formatTransactionId(batch.transactionId)}`);
    expect(names(body)).toEqual(['ATOMICBATCH', 'CRYPTOTRANSFER', 'CONSENSUSSUBMITMESSAGE']);
    expect(body.transactions[1]).toMatchObject({
      batch_key: `0x1220${'01'.repeat(32)}`,
      node: null,
      parent_consensus_timestamp: body.transactions[0].consensus_timestamp,
    });
    const inner = await rest(mirror, `/transactions/${body.transactions[1].transaction_id}`);
    expect(names(inner.body)).toEqual(['CRYPTOTRANSFER']);
  });

  it('tells a schedule creation from its execution, and finds by hash', async () => {
    const id = formatTransactionId(scheduled.transactionId);
    expect(names((await rest(mirror, `/transactions/${id}`)).body)).toEqual(['SCHEDULECREATE', 'CRYPTOTRANSFER']);
    expect(names((await rest(mirror, `/transactions/${id}?scheduled=true`)).body)).toEqual(['CRYPTOTRANSFER']);
    expect(names((await rest(mirror, `/transactions/${id}?scheduled=false&nonce=0`)).body)).toEqual(['SCHEDULECREATE']);
    expect((await rest(mirror, `/transactions/${id}?nonce=1`)).status).toBe(404);
    const hash = Buffer.from(transfer.transactionHash);
    for (const form of [hash.toString('hex'), `0x${hash.toString('hex')}`, hash.toString('base64url')]) {
      expect(names((await rest(mirror, `/transactions/${form}`)).body), form).toEqual(['CRYPTOTRANSFER']);
    }
  });

  it.each([
    ['/transactions/0.0.1-1-1', 404, 'Not found'],
    [
      '/transactions/0.0.2@1700000000.1',
      400,
      'Invalid Transaction id. Please use "shard.realm.num-sss-nnn" format where sss are seconds and nnn are nanoseconds',
    ],
    ['/transactions?transactiontype=NOTHING', 400, 'Invalid parameter: transactiontype'],
    ['/transactions?result=maybe', 400, 'Invalid parameter: result'],
    ['/transactions?type=sideways', 400, 'Invalid parameter: type'],
    ['/transactions?timestamp=a', 400, 'Invalid parameter: timestamp'],
  ])('%s answers %i', async (path, status, message) => {
    expect(await rest(mirror, path)).toMatchObject({ status, body: { _status: { messages: [{ message }] } } });
  });

  it('shows an account with its transactions', async () => {
    const { body } = await rest(mirror, '/accounts/1001?limit=2');
    expect(names(body)).toEqual(['CRYPTOTRANSFER', 'CRYPTOTRANSFER']);
    expect(body.links.next).toMatch(/^\/api\/v1\/accounts\/1001\?limit=2&timestamp=lt:/);
    const typed = await rest(mirror, '/accounts/1001?transactiontype=TOKENMINT');
    expect(names(typed.body)).toEqual([]);
  });

  it('shows schedules', async () => {
    const { body } = await rest(mirror, '/schedules');
    expect(body.schedules.map((one: { schedule_id: string }) => one.schedule_id)).toEqual(['0.0.1020', '0.0.1021']);
    expect(body.schedules[0]).toEqual({
      admin_key: null,
      consensus_timestamp: expect.stringMatching(/^\d+\.\d{9}$/),
      creator_account_id: '0.0.2',
      deleted: false,
      executed_timestamp: null,
      expiration_time: null,
      memo: '',
      payer_account_id: '0.0.2',
      schedule_id: '0.0.1020',
      signatures: [
        {
          consensus_timestamp: expect.stringMatching(/^\d+\.\d{9}$/),
          public_key_prefix: Buffer.alloc(32, 7).toString('base64'),
          signature: Buffer.alloc(64).toString('base64'),
          type: 'ED25519',
        },
      ],
      transaction_body: 'AQID',
      wait_for_expiry: false,
    });
    const done = await rest(mirror, '/schedules/0.0.1021');
    expect(done.body).toMatchObject({
      wait_for_expiry: true,
      executed_timestamp: expect.any(String),
      expiration_time: expect.any(String),
    });
    expect(done.headers.get('cache-control')).toBe('public, max-age=3600');
    expect((await rest(mirror, '/schedules?account.id=1001')).body.schedules).toHaveLength(1);
    expect((await rest(mirror, '/schedules?schedule.id=lt:1021')).body.schedules).toHaveLength(1);
    expect((await rest(mirror, '/schedules/4711')).status).toBe(404);
    expect((await rest(mirror, '/schedules/x')).body._status.messages).toEqual([
      { message: 'Invalid parameter: scheduleid' },
    ]);
  });
});
