import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeBase32 } from '../../src/mirror/format/base32.js';
import type { Mirror } from '../../src/mirror/start.js';
import { ed25519, HandMadeSource } from './hand-made-source.js';
import { rest, startTestMirror } from './mirror-client.js';

const EVM = 'ac384c53f03855fa1b3616052f8ba32c6c2a2fec';
const ALIAS = Buffer.concat([Buffer.from('3a21', 'hex'), Buffer.alloc(33, 2)]);

describe('REST accounts, balances and relations', () => {
  const source = new HandMadeSource();
  let mirror: Mirror;

  beforeAll(async () => {
    source.account(2, { balance: 4_999_999_999_999_999_999n, created: 0n, expiry: 0n });
    source.account(802, { balance: 0n, created: 0n });
    source.account(1001, { evmAddress: Buffer.from(EVM, 'hex'), alias: ALIAS, maxAutoAssociations: -1 });
    source.account(1002, {
      key: { key: { $case: 'thresholdKey', value: { threshold: 1, keys: { keys: [ed25519(5), ed25519(6)] } } } },
    });
    source.account(1003, { key: { key: { $case: 'keyList', value: { keys: [] } } }, receiverSigRequired: true });
    source.token(1010, { freezeKey: ed25519(9), decimals: 3 });
    source.token(1011, { kycKey: ed25519(9) });
    source.relation(1001, 1010, 77n, { frozen: true });
    source.relation(1001, 1011, 9_007_199_254_740_993n, { automatic: true });
    source.relation(1002, 1010, 5n);
    mirror = await startTestMirror(source);
  });
  afterAll(() => mirror.close());

  it('shows an account with types as on the network, and integers beyond 2^53 exactly', async () => {
    const { text, body } = await rest(mirror, '/accounts/2?transactions=false');
    expect(text).toContain('"balance":4999999999999999999');
    expect(body).toMatchObject({
      account: '0.0.2',
      alias: null,
      auto_renew_period: 7776000,
      created_timestamp: null,
      decline_reward: false,
      deleted: false,
      ethereum_nonce: 0,
      evm_address: '0x0000000000000000000000000000000000000002',
      expiry_timestamp: null,
      key: { _type: 'ED25519', key: '02'.repeat(32) },
      max_automatic_token_associations: 0,
      memo: '',
      pending_reward: 0,
      receiver_sig_required: false,
      staked_account_id: null,
      staked_node_id: null,
      stake_period_start: null,
      transactions: [],
      links: { next: null },
    });
    expect(body.balance.timestamp).toMatch(/^\d+\.\d{9}$/);
  });

  it.each([
    '1001',
    '0.1001',
    '0.0.1001',
    EVM,
    `0x${EVM}`,
    `0.0.${EVM}`,
    '0x00000000000000000000000000000000000003e9',
    encodeBase32(ALIAS),
    `0.0.${encodeBase32(ALIAS)}`,
  ])('finds an account as %s', async (id) => {
    const { body } = await rest(mirror, `/accounts/${id}`);
    expect(body).toMatchObject({ account: '0.0.1001', evm_address: `0x${EVM}`, alias: encodeBase32(ALIAS) });
  });

  it('shows compound and empty keys', async () => {
    expect((await rest(mirror, '/accounts/1002')).body.key).toEqual({
      _type: 'ProtobufEncoded',
      key: expect.stringMatching(/^2a/),
    });
    expect((await rest(mirror, '/accounts/1003')).body.key).toBeNull();
  });

  it.each([
    ['/accounts/4711', 404, 'Not found'],
    ['/accounts/1.0.2', 404, 'Not found'],
    [`/accounts/0x${'ab'.repeat(20)}`, 404, 'Not found'],
    ['/accounts/a.b.c', 400, 'Invalid parameter: idOrAliasOrEvmAddress'],
    ['/accounts/2?limit=x', 400, 'Invalid parameter: limit'],
    ['/accounts?account.id=x', 400, 'Invalid parameter: account.id'],
    ['/accounts?account.publickey=abc', 400, 'Invalid parameter: account.publickey'],
    ['/accounts?nonsense=1', 400, 'Unknown query parameter: nonsense'],
  ])('%s answers %i', async (path, status, message) => {
    const answer = await rest(mirror, path);
    expect(answer).toMatchObject({ status, body: { _status: { messages: [{ message }] } } });
  });

  it('lists accounts upwards, with token balances unless balance=false', async () => {
    const { body } = await rest(mirror, '/accounts');
    expect(body.accounts.map((one: { account: string }) => one.account)).toEqual([
      '0.0.2',
      '0.0.802',
      '0.0.1001',
      '0.0.1002',
      '0.0.1003',
    ]);
    expect(body.accounts[2].balance.tokens[0]).toEqual({ token_id: '0.0.1010', balance: 77 });
    const bare = await rest(mirror, '/accounts?balance=false&account.id=1001');
    expect(bare.body.accounts[0].balance).toBeNull();
  });

  it.each([
    ['account.id=1001', ['0.0.1001'], null],
    ['account.id=gt:1001', ['0.0.1002', '0.0.1003'], null],
    ['account.id=1001&account.id=802', ['0.0.802', '0.0.1001'], null],
    ['account.id=ne:2&order=desc', ['0.0.1003', '0.0.1002', '0.0.1001', '0.0.802'], null],
    ['limit=2', ['0.0.2', '0.0.802'], '/api/v1/accounts?limit=2&account.id=gt:0.0.802'],
    ['limit=1&account.id=gte:2&account.id=lt:3', ['0.0.2'], null],
    ['order=desc&limit=1', ['0.0.1003'], '/api/v1/accounts?order=desc&limit=1&account.id=lt:0.0.1003'],
    [`account.publickey=${'02'.repeat(32)}`, ['0.0.2'], null],
    ['account.balance=gt:1000000', ['0.0.2'], null],
    ['account.balance=0', ['0.0.802'], null],
    [`account.id=0x${'ab'.repeat(20)}`, [], null],
    ['account.id=0x00000000000000000000000000000000000003e9', ['0.0.1001'], null],
  ])('filters accounts by %s', async (query, expected, next) => {
    const { body } = await rest(mirror, `/accounts?${query}`);
    expect(body.accounts.map((one: { account: string }) => one.account)).toEqual(expected);
    expect(body.links.next).toBe(next);
  });

  it('lists what an account holds of tokens', async () => {
    const { body, text } = await rest(mirror, '/accounts/0.0.1001/tokens');
    expect(body.tokens).toHaveLength(2);
    expect(body.tokens[0]).toEqual({
      automatic_association: false,
      balance: 77,
      created_timestamp: expect.stringMatching(/^\d+\.\d{9}$/),
      decimals: 3,
      freeze_status: 'FROZEN',
      kyc_status: 'NOT_APPLICABLE',
      token_id: '0.0.1010',
    });
    expect(body.tokens[1]).toMatchObject({
      automatic_association: true,
      freeze_status: 'NOT_APPLICABLE',
      kyc_status: 'REVOKED',
    });
    expect(text).toContain('"balance":9007199254740993');
    const page = await rest(mirror, '/accounts/1001/tokens?limit=1');
    expect(page.body.links.next).toBe('/api/v1/accounts/1001/tokens?limit=1&token.id=gt:0.0.1010');
    expect((await rest(mirror, page.body.links.next)).body.tokens[0].token_id).toBe('0.0.1011');
    expect((await rest(mirror, '/accounts/4711/tokens')).status).toBe(404);
  });

  it('lists balances downwards; an unknown account gives none', async () => {
    const { body } = await rest(mirror, '/balances?limit=3');
    expect(body.balances.map((one: { account: string }) => one.account)).toEqual(['0.0.1003', '0.0.1002', '0.0.1001']);
    expect(body.links.next).toBe('/api/v1/balances?limit=3&account.id=lt:0.0.1001');
    expect(body.timestamp).toMatch(/^\d+\.\d{9}$/);
    expect((await rest(mirror, '/balances?account.id=4711')).body).toEqual({
      timestamp: null,
      balances: [],
      links: { next: null },
    });
    expect((await rest(mirror, `/balances?account.id=0x${EVM}`)).body.balances[0].account).toBe('0.0.1001');
    expect((await rest(mirror, `/balances?account.id=0x${'ab'.repeat(20)}`)).body.balances).toEqual([]);
    expect((await rest(mirror, `/balances?account.id=gt:${EVM}`)).status).toBe(400);
    expect((await rest(mirror, '/balances?account.id=x-y')).status).toBe(400);
  });

  it('tells past balances from the movements since', async () => {
    const before = source.next - 1n;
    const account = source.makeAccount(1002, { balance: 1_000_300n, created: before });
    source.emit({
      transfers: [
        { account: 2, amount: -300n, isApproval: false },
        { account: 1002, amount: 300n, isApproval: false },
      ],
      tokenTransfers: [
        { token: 1010, account: 1001, amount: -7n, isApproval: false },
        { token: 1010, account: 1002, amount: 7n, isApproval: false },
      ],
      changes: [
        { kind: 'account', account },
        {
          kind: 'relation',
          relation: {
            account: 1002,
            token: 1010,
            balance: 12n,
            frozen: false,
            kycGranted: false,
            automatic: false,
            created: before,
          },
        },
      ],
    });
    const at = `${before / 1_000_000_000n}.${(before % 1_000_000_000n).toString().padStart(9, '0')}`;
    const now = (await rest(mirror, '/balances?account.id=1002')).body.balances[0];
    expect(now).toEqual({ account: '0.0.1002', balance: 1_000_300, tokens: [{ token_id: '0.0.1010', balance: 12 }] });
    const past = (await rest(mirror, `/balances?account.id=1002&timestamp=${at}`)).body;
    expect(past).toMatchObject({
      timestamp: at,
      balances: [{ account: '0.0.1002', balance: 1_000_000, tokens: [{ token_id: '0.0.1010', balance: 5 }] }],
    });
    expect((await rest(mirror, `/accounts/1002?timestamp=lte:${at}`)).body.balance.balance).toBe(1_000_000);
    expect((await rest(mirror, `/tokens/1010/balances?account.id=1002&timestamp=${at}`)).body.balances).toEqual([
      { account: '0.0.1002', balance: 5, decimals: 3 },
    ]);
    expect((await rest(mirror, '/balances?timestamp=lt:5')).body.balances).toEqual([]);
  });

  it('lists tokens, and shows one with strings for decimals and supplies', async () => {
    const list = await rest(mirror, '/tokens?limit=1');
    expect(list.body).toEqual({
      tokens: [
        {
          admin_key: null,
          decimals: 3,
          metadata: '',
          name: 'Token 1010',
          symbol: 'T1010',
          token_id: '0.0.1010',
          type: 'FUNGIBLE_COMMON',
        },
      ],
      links: { next: '/api/v1/tokens?limit=1&token.id=gt:0.0.1010' },
    });
    expect((await rest(mirror, '/tokens?account.id=1002')).body.tokens).toHaveLength(1);
    expect((await rest(mirror, '/tokens?name=1011')).body).toMatchObject({
      tokens: [{ name: 'Token 1011' }],
      links: { next: null },
    });
    expect((await rest(mirror, '/tokens?type=NON_FUNGIBLE_UNIQUE')).body.tokens).toEqual([]);
    const { body, text } = await rest(mirror, '/tokens/0.0.1010');
    expect(text).toMatch(/"expiry_timestamp":\d{19},/);
    expect(body).toMatchObject({
      decimals: '3',
      initial_supply: '1000',
      total_supply: '1000',
      max_supply: '0',
      supply_type: 'INFINITE',
      type: 'FUNGIBLE_COMMON',
      deleted: false,
      freeze_default: false,
      freeze_key: { _type: 'ED25519' },
      kyc_key: null,
      pause_status: 'NOT_APPLICABLE',
      custom_fees: { fixed_fees: [], fractional_fees: [] },
      treasury_account_id: '0.0.2',
    });
    expect(body.modified_timestamp).toBe(body.created_timestamp);
    source.token(1010, { freezeKey: ed25519(9), decimals: 3, totalSupply: 1005n, created: 1_700_000_000_000_000_005n });
    const minted = (await rest(mirror, '/tokens/0.0.1010')).body;
    expect(minted).toMatchObject({ total_supply: '1005', created_timestamp: '1700000000.000000005' });
    expect(minted.modified_timestamp).not.toBe(minted.created_timestamp);
    expect((await rest(mirror, '/tokens/4711')).status).toBe(404);
    expect((await rest(mirror, '/tokens/x')).body._status.messages).toEqual([
      { message: 'Invalid parameter: tokenid' },
    ]);
  });

  it('lists who holds a token', async () => {
    const { body } = await rest(mirror, '/tokens/1010/balances');
    expect(body.balances.map((one: { account: string }) => one.account)).toEqual(['0.0.1002', '0.0.1001']);
    expect(body.balances[0].decimals).toBe(3);
    expect((await rest(mirror, '/tokens/1010/balances?account.balance=gt:50')).body.balances).toHaveLength(1);
    expect((await rest(mirror, '/tokens/4711/balances')).body).toEqual({
      timestamp: null,
      balances: [],
      links: { next: null },
    });
  });
});
