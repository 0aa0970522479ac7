import { scheduleId, tokenId as token, topicId as topic } from '@gatepost/local-ledger/core/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, listOf, none, rsa, short, threshold, tokenCreate, topicCreate, type Value } from './bodies.js';
import { type Answer, type Sent, World } from './world.js';

// Cases that a consensus node of release 0.76.1 was asked too, with its answers: where the embedded network was wrong
// once. Fees are in tinybar at 12 cents an hbar.

let w: World;
const made: Record<string, number> = {};
const at = (name: string): number => made[name] ?? 0;

beforeAll(async () => {
  w = await World.open();
  await w.actor('P', 100_000_000_000_000n);
  await w.actor('A', 100_000_000_000n);
  await w.actor('B', 100_000_000_000n);
  await w.actor('C', 100_000_000n, 3);
  await w.actor('poor', 100n);
  await w.actor('gone', 100n);
  await w.send({ ...transfer(['root', -1_000_000_000n], ['node', 1_000_000_000n]), payer: 'root' });
  const remove = { deleteAccountID: w.id('gone'), transferAccountID: w.id('P') };
  await w.send({ body: { data: { $case: 'cryptoDelete', value: remove } }, by: ['gone'] });
  const plain = { name: 'N', symbol: 'S', initialSupply: 1_000n, treasury: w.id('A'), autoRenewAccount: w.id('A') };
  await make('F', tokenCreate(plain));
  await make(
    'G',
    tokenCreate({ ...plain, supplyKey: w.key('B'), freezeKey: w.key('B'), wipeKey: w.key('B'), adminKey: w.key('A') }),
  );
  await make('K', tokenCreate({ ...plain, kycKey: w.key('B'), freezeKey: w.key('B'), freezeDefault: true }));
  await make('T', topicCreate({ adminKey: w.key('A') }, ['A']));
  const fees = [customFee(1_000n)];
  await make('fees', topicCreate({ customFees: fees }));
  await make('feeKeyed', topicCreate({ adminKey: w.key('A'), feeScheduleKey: w.key('B'), customFees: fees }, ['A']));
  await make('dear', topicCreate({ customFees: [customFee(500_000_000_000n)] }));
});

afterAll(async () => {
  await w.close();
});

async function make(name: string, sent: Sent): Promise<void> {
  expect(await w.send(sent), name).toMatchObject({ status: 'SUCCESS' });
  made[name] = w.newest;
}

function transfer(...entries: readonly (readonly [string | { readonly alias: Uint8Array } | number, bigint])[]): Sent {
  const accountAmounts = entries.map(([who, amount]) => {
    const accountID =
      typeof who === 'string'
        ? w.id(who)
        : typeof who === 'number'
          ? { account: { $case: 'accountNum' as const, value: BigInt(who) } }
          : { account: { $case: 'alias' as const, value: who.alias } };
    return { accountID, amount };
  });
  return { body: { data: { $case: 'cryptoTransfer', value: { transfers: { accountAmounts } } } } };
}

const topicUpdate = (name: string, value: Value<'consensusUpdateTopic'>, by: string[]): Sent => ({
  body: { data: { $case: 'consensusUpdateTopic', value: { topicID: topic(at(name)), ...value } } },
  by,
});
const topicDelete = (name: string, by: string[]): Sent => ({
  body: { data: { $case: 'consensusDeleteTopic', value: { topicID: topic(at(name)) } } },
  by,
});
const submit = (name: string, length: number, more: Partial<Sent> = {}): Sent => ({
  payer: 'B',
  ...more,
  body: {
    data: {
      $case: 'consensusSubmitMessage',
      value: { topicID: topic(at(name)), message: new Uint8Array(length).fill(97) },
    },
    ...more.body,
  },
});
const limited = (...limits: readonly { readonly who?: string; readonly fees: readonly bigint[] }[]): Partial<Sent> => ({
  body: {
    maxCustomFees: limits.map(({ who, fees }) => ({
      accountId: who === undefined ? undefined : w.id(who),
      fees: fees.map((amount) => ({ amount })),
    })),
  },
});
const fixedFee = (amount: bigint) => ({
  fee: { $case: 'fixedFee' as const, value: { amount } },
  feeCollectorAccountId: w.id('A'),
});
const customFee = (amount: bigint) => ({ fixedFee: { amount }, feeCollectorAccountId: w.id('A') });
const associate = (who: string, names: readonly string[]): Sent => ({
  body: {
    data: { $case: 'tokenAssociate', value: { account: w.id(who), tokens: names.map((name) => token(at(name))) } },
  },
  by: [who],
});
const give = (name: string, to: string): Sent => ({
  body: {
    data: {
      $case: 'cryptoTransfer',
      value: {
        tokenTransfers: [
          {
            token: token(at(name)),
            transfers: [
              { accountID: w.id('A'), amount: -1n },
              { accountID: w.id(to), amount: 1n },
            ],
          },
        ],
      },
    },
  },
  by: ['A'],
});
const freeze = (who: string): Sent => ({
  body: { data: { $case: 'tokenFreeze', value: { token: token(at('G')), account: w.id(who) } } },
  by: ['B'],
});
const schedule = (inner: Sent, value: Value<'scheduleCreate'> = {}, by: string[] = []): Sent => ({
  body: {
    data: {
      $case: 'scheduleCreate',
      value: {
        scheduledTransactionBody: { transactionFee: 1_000_000_000n, data: inner.body?.data as never },
        ...value,
      },
    },
  },
  by,
});

type Row = readonly [what: string, sent: () => Sent, answer: Answer];
const pays = (status: string, fee: bigint): Answer => ({ status, fee });
const precheck = (status: string): Answer => ({ status: `precheck ${status}` });
const alias = (seed: number) => ({ alias: Uint8Array.of(0x12, 32, ...new Uint8Array(32).fill(seed)) });

const rows: Readonly<Record<string, readonly Row[]>> = {
  'a topic with custom fees': [
    [
      'limit too low',
      () => submit('fees', 1, limited({ who: 'B', fees: [999n] })),
      pays('MAX_CUSTOM_FEE_LIMIT_EXCEEDED', 41_666_666n),
    ],
    [
      'limit of somebody else',
      () => submit('fees', 1, limited({ who: 'A', fees: [5_000n] })),
      pays('NO_VALID_MAX_CUSTOM_FEE', 41_666_666n),
    ],
    ['a message far too long', () => submit('fees', 1_500), { status: 'MESSAGE_SIZE_TOO_LARGE' }],
    ['one byte over', () => submit('fees', 1_025), pays('MESSAGE_SIZE_TOO_LARGE', 41_749_999n)],
    ['ceiling below the price', () => submit('fees', 1, { fee: 200_000n }), pays('INSUFFICIENT_TX_FEE', 83_333n)],
    [
      'a fee beyond the balance',
      () => submit('dear', 1),
      pays('INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE', 41_666_666n),
    ],
    [
      'an account twice in the limits',
      () => submit('fees', 1, limited({ who: 'B', fees: [9_000n] }, { who: 'B', fees: [9_000n] })),
      precheck('DUPLICATE_ACCOUNT_ID_IN_MAX_CUSTOM_FEE_LIST'),
    ],
    [
      'a negative limit',
      () => submit('fees', 1, limited({ who: 'B', fees: [-1n] })),
      precheck('INVALID_MAX_CUSTOM_FEES'),
    ],
    [
      'a limit of nothing',
      () => submit('fees', 1, limited({ who: 'B', fees: [] })),
      precheck('INVALID_MAX_CUSTOM_FEES'),
    ],
    ['a limit of nobody', () => submit('fees', 1, limited({ fees: [9_000n] })), precheck('INVALID_MAX_CUSTOM_FEES')],
    [
      'fees set by their key alone',
      () => topicUpdate('feeKeyed', { customFees: { fees: [customFee(7n)] } }, ['B']),
      pays('SUCCESS', 266_666n),
    ],
    [
      'fees set by the admin alone',
      () => topicUpdate('feeKeyed', { customFees: { fees: [customFee(8n)] } }, ['A']),
      pays('INVALID_SIGNATURE', 266_666n),
    ],
    [
      'fees and memo by the key of the fees',
      () => topicUpdate('feeKeyed', { customFees: { fees: [] }, memo: 'x' }, ['B']),
      pays('INVALID_SIGNATURE', 266_666n),
    ],
    [
      'fees of a topic without keys',
      () => topicUpdate('fees', { customFees: { fees: [] } }, []),
      pays('FEE_SCHEDULE_KEY_NOT_SET', 183_333n),
    ],
  ],
  topics: [
    [
      'without a period',
      () => topicCreate({ autoRenewPeriod: undefined }),
      pays('AUTORENEW_DURATION_NOT_IN_RANGE', 8_333_333n),
    ],
    ['an empty admin key', () => topicCreate({ adminKey: listOf() }), pays('BAD_ENCODING', 8_333_333n)],
    ['an empty submit key', () => topicCreate({ submitKey: listOf() }), pays('BAD_ENCODING', 8_333_333n)],
    [
      'an empty key of fees',
      () => topicCreate({ feeScheduleKey: listOf() }),
      pays('INVALID_CUSTOM_FEE_SCHEDULE_KEY', 8_333_333n),
    ],
    ['a retired key, which is not counted', () => topicCreate({ adminKey: rsa }), pays('BAD_ENCODING', 8_333_333n)],
    ['an update to a short key', () => topicUpdate('T', { submitKey: short }, ['A']), pays('BAD_ENCODING', 266_666n)],
    ['an update to a retired key', () => topicUpdate('T', { submitKey: rsa }, ['A']), pays('SUCCESS', 266_666n)],
    [
      'an update to a list of nothing',
      () => topicUpdate('T', { submitKey: listOf(none) }, ['A']),
      pays('SUCCESS', 266_666n),
    ],
    [
      'an update to an admin key that nobody has',
      () => topicUpdate('T', { adminKey: threshold(0, w.key('A')) }, ['A']),
      pays('BAD_ENCODING', 266_666n),
    ],
    ['a delete', () => topicDelete('T', ['A']), pays('SUCCESS', 4_249_999n)],
    ['another delete', () => topicDelete('T', ['A']), pays('SUCCESS', 4_249_999n)],
    ['another delete without signature', () => topicDelete('T', []), pays('INVALID_SIGNATURE', 4_166_666n)],
  ],
  accounts: [
    ['a short key', () => create({ key: short }), pays('INVALID_ADMIN_KEY', 41_666_666n)],
    ['a threshold of none', () => create({ key: threshold(0, w.key('A')) }), pays('INVALID_ADMIN_KEY', 41_666_666n)],
    ['a threshold too high', () => create({ key: threshold(2, w.key('A')) }), pays('INVALID_ADMIN_KEY', 41_666_666n)],
    ['a retired key', () => create({ key: rsa }), precheck('BAD_ENCODING')],
    ['a key that is none', () => create({ key: none }), precheck('BAD_ENCODING')],
    ['a list of keys that are none', () => create({ key: listOf(none) }), precheck('KEY_REQUIRED')],
    [
      'in another shard',
      () => create({ key: w.key('A'), shardID: { shardNum: 1n } }),
      pays('INVALID_ACCOUNT_ID', 41_666_666n),
    ],
    [
      'a key as alias',
      () => create({ key: w.key('A'), alias: alias(1).alias }),
      pays('INVALID_ALIAS_KEY', 41_666_666n),
    ],
    [
      'a number as alias',
      () => create({ key: w.key('A'), alias: new Uint8Array(20) }),
      pays('INVALID_SIGNATURE', 41_666_666n),
    ],
    ['hbar to 0.0.0', () => transfer(['P', -1n], [0, 1n]), precheck('INVALID_ACCOUNT_ID')],
    [
      'more than 64 bits can add up',
      () => transfer(['P', -9_223_372_036_854_775_807n], ['A', 9_223_372_036_854_775_807n]),
      pays('INSUFFICIENT_ACCOUNT_BALANCE', 83_333n),
    ],
    [
      'update of the treasury by a user',
      () => ({ body: { data: { $case: 'cryptoUpdateAccount', value: { accountIDToUpdate: w.id('root') } } } }),
      pays('AUTHORIZATION_FAILED', 183_333n),
    ],
    [
      'delete of a system account',
      () => ({
        body: {
          data: { $case: 'cryptoDelete', value: { deleteAccountID: w.id('node'), transferAccountID: w.id('A') } },
        },
      }),
      pays('ENTITY_NOT_ALLOWED_TO_DELETE', 4_166_666n),
    ],
    [
      'a batch key outside a batch',
      () => ({ body: { batchKey: w.key('A'), ...transfer(['P', -1n], ['A', 1n]).body } }),
      pays('BATCH_KEY_SET_ON_NON_INNER_TRANSACTION', 83_333n),
    ],
    [
      'anything by the treasury',
      () => ({ ...create({ key: w.key('A') }), payer: 'root', fee: 0n }),
      pays('SUCCESS', 0n),
    ],
  ],
  tokens: [
    [
      'a key that may set fees',
      () => tokenCreate({ name: 'N', symbol: 'S', treasury: w.id('A'), feeScheduleKey: w.key('B') }),
      pays('SUCCESS', 1_666_749_999n),
    ],
    [
      'an admin key that nobody has',
      () => tokenCreate({ name: 'N', symbol: 'S', treasury: w.id('A'), adminKey: short }),
      pays('INVALID_ADMIN_KEY', 833_416_666n),
    ],
    [
      'account and expiry without period',
      () =>
        tokenCreate({
          name: 'N',
          symbol: 'S',
          treasury: w.id('A'),
          autoRenewAccount: w.id('A'),
          autoRenewPeriod: undefined,
          expiry: { seconds: BigInt(Math.floor(Date.now() / 1000)) + 7_000_000n },
        }),
      pays('SUCCESS', 833_416_666n),
    ],
    [
      'a period too long',
      () => ({
        body: {
          data: { $case: 'tokenUpdate', value: { token: token(at('G')), autoRenewPeriod: { seconds: 9_000_000n } } },
        },
        by: ['A'],
      }),
      pays('AUTORENEW_DURATION_NOT_IN_RANGE', 916_666n),
    ],
    [
      'custom fees',
      () => tokenCreate({ name: 'N', symbol: 'S', treasury: w.id('A'), customFees: [fixedFee(1n)] }),
      pays('SUCCESS', 1_666_749_999n),
    ],
    ['two associations', () => associate('B', ['F', 'G']), pays('SUCCESS', 83_416_666n)],
    ['an automatic association', () => give('F', 'C'), pays('SUCCESS', 42_583_332n)],
    [
      'one to a token with KYC, frozen from the start',
      () => give('K', 'C'),
      pays('ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN', 916_666n),
    ],
    ['a freeze', () => freeze('B'), pays('SUCCESS', 916_666n)],
    ['another freeze', () => freeze('B'), pays('ACCOUNT_FROZEN_FOR_TOKEN', 916_666n)],
    [
      'a mint of metadata',
      () => ({
        body: { data: { $case: 'tokenMint', value: { token: token(at('G')), metadata: [Uint8Array.of(1)] } } },
        by: ['B'],
      }),
      pays('SUCCESS', 16_749_999n),
    ],
    [
      'a burn of serial numbers',
      () => ({
        body: { data: { $case: 'tokenBurn', value: { token: token(at('G')), serialNumbers: [1n] } } },
        by: ['B'],
      }),
      pays('SUCCESS', 916_666n),
    ],
    [
      'a wipe of serial 0',
      () => ({
        body: {
          data: { $case: 'tokenWipe', value: { token: token(at('G')), account: w.id('B'), serialNumbers: [0n] } },
        },
        by: ['B'],
      }),
      precheck('INVALID_NFT_ID'),
    ],
    ['freeze of the treasury', () => freeze('A'), pays('SUCCESS', 916_666n)],
    [
      'a burn beyond the supply of a frozen treasury',
      () => ({ body: { data: { $case: 'tokenBurn', value: { token: token(at('G')), amount: 5_000n } } }, by: ['B'] }),
      pays('ACCOUNT_FROZEN_FOR_TOKEN', 916_666n),
    ],
  ],
  schedules: [
    [
      'an empty admin key',
      () => schedule(transfer(['A', -1n], ['P', 1n]), { adminKey: listOf() }),
      pays('INVALID_ADMIN_KEY', 8_333_333n),
    ],
    [
      'a topic that is not there',
      () => schedule(submit('nowhere', 1)),
      pays('UNRESOLVABLE_REQUIRED_SIGNERS', 8_333_333n),
    ],
    [
      'an account that is not there',
      () => schedule(transfer([999_999, -1n], ['P', 1n])),
      pays('UNRESOLVABLE_REQUIRED_SIGNERS', 8_333_333n),
    ],
    [
      'a payer that is deleted',
      () => schedule(transfer(['A', -2n], ['P', 2n]), { payerAccountID: w.id('gone') }),
      pays('SUCCESS', 8_333_333n),
    ],
  ],
};

describe.each(Object.entries(rows))('as a real node answers: %s', (_kind, cases) => {
  it.each(cases)('%s', async (_what, sent, answer) => {
    expect(await w.send(sent())).toMatchObject(answer);
  });
});

describe('as a real node answers: accounts made by a transfer', () => {
  it('are charged in their own record, beside the ceiling of the transfer', async () => {
    const items: { name: string; fee: bigint; moved: Record<string, bigint>; parent: bigint | undefined }[] = [];
    const stop = w.ledger.records.subscribe((item) => {
      items.push({
        name: item.name,
        fee: item.chargedFee,
        moved: w.moved(item),
        parent: item.parentConsensusTimestamp,
      });
    });
    const sent = { ...transfer(['P', -10n], [alias(2), 10n]), fee: 100_000n };
    expect(await w.send(sent)).toMatchObject({ status: 'SUCCESS', fee: 83_333n });
    stop();
    expect(items.slice(-2)).toEqual([
      { name: 'CRYPTOTRANSFER', fee: 83_333n, moved: { 802: 83_333n, P: -83_343n, new: 10n }, parent: undefined },
      {
        name: 'CRYPTOCREATEACCOUNT',
        fee: 41_666_666n,
        moved: { 802: 41_666_666n, P: -41_666_666n },
        parent: undefined,
      },
    ]);
  });
});

describe('as a real node answers: schedules at their expiry', () => {
  const waiting = async (inner: Sent, value: Value<'scheduleCreate'>, by: string[], ceiling = 1_000_000_000n) => {
    const seconds = w.ledger.clock.now() / 1_000_000_000n + 60n;
    const body = { transactionFee: ceiling, data: inner.body?.data as never };
    const sent = schedule(
      inner,
      { scheduledTransactionBody: body, waitForExpiry: true, expirationTime: { seconds }, ...value },
      by,
    );
    expect(await w.send(sent)).toMatchObject({ status: 'SUCCESS' });
    const { transactionId } = w.newestItem ?? { transactionId: undefined };
    await w.ledger.clock.advance(61_000_000_000n);
    return w.outcome('P', transactionId?.validStart ?? 0n, true);
  };

  it('pay the whole price', async () => {
    expect(await waiting(transfer(['A', -43n], ['P', 43n]), { payerAccountID: w.id('B') }, ['A', 'B'])).toEqual({
      status: 'SUCCESS',
      fee: 83_333n,
      moved: { 802: 83_333n, A: -43n, B: -83_333n, P: 43n },
    });
  });

  it('are charged when a signature is missing', async () => {
    const unsigned = transfer(['A', -44n], ['P', 44n]);
    expect(await waiting(unsigned, {}, [])).toMatchObject({ status: 'INVALID_SIGNATURE', fee: 83_333n });
  });

  it.each([
    ['of a payer that did not sign', () => ({ payerAccountID: w.id('B') }), [], undefined, 'INVALID_PAYER_SIGNATURE'],
    [
      'of a payer without hbar',
      () => ({ payerAccountID: w.id('poor') }),
      ['poor'],
      undefined,
      'INSUFFICIENT_PAYER_BALANCE',
    ],
    ['with too low a ceiling', () => ({}), [], 5n, 'INSUFFICIENT_TX_FEE'],
  ] as const)('are at the cost of the node %s', async (_what, value, by, ceiling, status) => {
    const inner = transfer(['A', -BigInt(45 + status.length)], ['P', BigInt(45 + status.length)]);
    expect(await waiting(inner, value(), ['A', ...by], ceiling)).toEqual({
      status,
      fee: 75_000n,
      moved: { 802: 75_000n, node: -75_000n },
    });
  });

  it('cannot be deleted once they have run, whoever signs', async () => {
    const inner = transfer(['P', -3n], ['A', 3n]);
    expect(await w.send(schedule(inner, { adminKey: w.key('B') }, ['B']))).toMatchObject({ status: 'SUCCESS' });
    const scheduleID = scheduleId(w.newestItem?.schedule ?? 0);
    const remove: Sent = { body: { data: { $case: 'scheduleDelete', value: { scheduleID } } } };
    expect(await w.send(remove)).toMatchObject({ status: 'SCHEDULE_ALREADY_EXECUTED' });
  });
});

describe('as a real node answers: batches', () => {
  it.each(['scheduleCreate', 'scheduleSign'] as const)('do not take %s', async ($case) => {
    const data =
      $case === 'scheduleSign'
        ? { $case, value: { scheduleID: scheduleId(999_999) } }
        : schedule(transfer(['P', -1n], ['A', 1n])).body?.data;
    const inner = w.signed({
      body: {
        data: data as never,
        nodeAccountID: { account: { $case: 'accountNum', value: 0n } },
        batchKey: w.key('B'),
      },
    });
    const batch: Sent = { body: { data: { $case: 'atomicBatch', value: { transactions: [inner.bytes] } } }, by: ['B'] };
    expect(await w.send(batch)).toMatchObject({ status: 'BATCH_TRANSACTION_IN_BLACKLIST' });
    expect(await w.outcome('P', inner.start)).toEqual({ status: 'UNKNOWN' });
  });

  it.each([
    ['bytes that are no transaction', Uint8Array.of(255), 'precheck INVALID_TRANSACTION'],
    ['an empty transaction', new Uint8Array(), 'precheck INVALID_TRANSACTION_BODY'],
  ])('do not take %s', async (_what, bytes, status) => {
    expect(await w.send({ body: { data: { $case: 'atomicBatch', value: { transactions: [bytes] } } } })).toEqual({
      status,
    });
  });
});
