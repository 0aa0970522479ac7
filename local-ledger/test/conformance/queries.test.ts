import { accountId, tokenId } from '@gatepost/local-ledger/core/ids';
import { getAccountDetails } from '@gatepost/local-ledger/core/queries/account-details';
import { getTokenInfo } from '@gatepost/local-ledger/core/queries/token-info';
import {
  AccountBalanceQuery,
  AccountDeleteTransaction,
  AccountInfoQuery,
  AccountRecordsQuery,
  ContractInfoQuery,
  FileContentsQuery,
  FileCreateTransaction,
  FileInfoQuery,
  Hbar,
  NetworkVersionInfoQuery,
  NftId,
  ScheduleInfoQuery,
  TokenId,
  TokenInfoQuery,
  TokenNftInfoQuery,
  TopicInfoQuery,
  TransactionId,
  TransactionReceiptQuery,
  TransactionRecordQuery,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Machine } from '../consensus/machine.js';
import { groundwork } from '../consensus/random-transactions.js';
import { newParty, openStage, type Stage, statusIn, statusOf } from '../consensus/support.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
});

/** The name of the status with which asking fails. */
async function refusal(ask: () => Promise<unknown>): Promise<string> {
  try {
    await ask();
    return 'none';
  } catch (error) {
    return statusIn(error);
  }
}

const unknown = {
  account: () => new AccountInfoQuery().setAccountId('0.0.999999'),
  records: () => new AccountRecordsQuery().setAccountId('0.0.999999'),
  topic: () => new TopicInfoQuery().setTopicId('0.0.999999'),
  token: () => new TokenInfoQuery().setTokenId('0.0.999999'),
  schedule: () => new ScheduleInfoQuery().setScheduleId('0.0.999999'),
  file: () => new FileContentsQuery().setFileId('0.0.999999'),
};

const refusals = {
  account: 'INVALID_ACCOUNT_ID',
  records: 'INVALID_ACCOUNT_ID',
  topic: 'INVALID_TOPIC_ID',
  token: 'INVALID_TOKEN_ID',
  schedule: 'INVALID_SCHEDULE_ID',
  file: 'INVALID_FILE_ID',
} as const satisfies Record<keyof typeof unknown, string>;

const kinds = Object.keys(refusals) as (keyof typeof refusals)[];

describe('a query about something unknown', () => {
  it.each(kinds)('is told so of an unknown %s, for its cost as for its answer', async (kind) => {
    const query = unknown[kind];
    expect(await refusal(() => query().getCost(stage.client))).toBe(refusals[kind]);
    expect(await refusal(() => query().setQueryPayment(new Hbar(1)).execute(stage.client))).toBe(refusals[kind]);
  });

  it('is told so when it names nothing at all', async () => {
    expect(await refusal(() => new AccountInfoQuery().execute(stage.client))).toBe('INVALID_ACCOUNT_ID');
    expect(await refusal(() => new TopicInfoQuery().execute(stage.client))).toBe('INVALID_TOPIC_ID');
    expect(await refusal(() => new TokenInfoQuery().execute(stage.client))).toBe('INVALID_TOKEN_ID');
    expect(await refusal(() => new ScheduleInfoQuery().execute(stage.client))).toBe('INVALID_SCHEDULE_ID');
  });

  it('gets no cost of a deleted account', async () => {
    const bob = await newParty(stage, 10);
    await statusOf(new AccountDeleteTransaction().setAccountId(bob.id).setTransferAccountId('0.0.2'), bob.client);
    const query = new AccountInfoQuery().setAccountId(bob.id);
    expect(await refusal(() => query.getCost(stage.client))).toBe('ACCOUNT_DELETED');
    bob.client.close();
  });

  it('gets the cost of a record that may still come, but not the record', async () => {
    const id = TransactionId.generate('0.0.2');
    const record = () => new TransactionRecordQuery().setTransactionId(id).setMaxAttempts(1);
    expect((await record().getCost(stage.client)).toTinybars().toNumber()).toBeGreaterThan(0);
    expect(await refusal(() => record().execute(stage.client))).toBe('RECORD_NOT_FOUND');
    const receipt = new TransactionReceiptQuery().setTransactionId(id).setMaxAttempts(1);
    expect(await refusal(() => receipt.execute(stage.client))).toBe('RECEIPT_NOT_FOUND');
  });
});

describe('a contract', () => {
  it('has no balance, since there are none', async () => {
    const query = () => new AccountBalanceQuery().setContractId('0.0.999999').execute(stage.client);
    expect(await refusal(query)).toBe('INVALID_CONTRACT_ID');
  });
});

describe('the details of an account', () => {
  it('show what it lets others spend', () => {
    const { state, records } = new Machine(groundwork).network;
    const query = { header: undefined, accountId: accountId(1003) };
    const answer = getAccountDetails.answer(query, header, { state, records, now: 0n });
    const details = answer.$case === 'accountDetails' ? answer.value.accountDetails : undefined;
    const spenders = [2, 1002, 1004].map((num) => ({ spender: accountId(num), amount: 60n }));
    expect(details?.grantedCryptoAllowances).toEqual(spenders);
    expect(details?.grantedTokenAllowances).toEqual(spenders.map((one) => ({ ...one, tokenId: tokenId(1005) })));
  });
});

/** Of an answer. */
const header = { nodeTransactionPrecheckCode: 0, responseType: 0, cost: 0n, stateProof: new Uint8Array() };

describe('a token without an account that renews it', () => {
  it('shows no renewal period, one with an account shows its own', async () => {
    const machine = new Machine(groundwork);
    const { state, records } = machine.network;
    const periodOf = (num: number) => {
      const answer = getTokenInfo.answer({ header: undefined, token: tokenId(num) }, header, {
        state,
        records,
        now: 0n,
      });
      return answer.$case === 'tokenGetInfo' ? answer.value.tokenInfo?.autoRenewPeriod?.seconds : 'none';
    };
    expect(periodOf(1005)).toBeUndefined();
    const token = state.tokens.get(1005);
    if (token === undefined) {
      throw new Error('no token');
    }
    state.tokens.put(1005, { ...token, autoRenewAccount: 1002, autoRenewSeconds: 7_000_000n });
    expect(periodOf(1005)).toBe(7_000_000n);
  });
});

describe('the payment of a query', () => {
  it('is not taken when the query is refused', async () => {
    const bob = await newParty(stage, 10);
    const info = (id: string) => new AccountInfoQuery().setAccountId(id).setQueryPayment(new Hbar(1));
    expect(await refusal(() => info('0.0.999999').execute(bob.client))).toBe('INVALID_ACCOUNT_ID');
    expect((await info(`${bob.id}`).execute(bob.client)).balance.toString()).toBe('10 ℏ');
    bob.client.close();
  });

  it('is charged, with the fee of the transfer that brings it', async () => {
    const bob = await newParty(stage, 10);
    const balance = async () =>
      (await new AccountInfoQuery().setAccountId(bob.id).execute(stage.client)).balance.toTinybars();
    const before = await balance();
    await new NetworkVersionInfoQuery().setQueryPayment(Hbar.fromTinybars(83_333)).execute(bob.client);
    // What it paid, and $0.0001 at 12 cents
    expect(before.subtract(await balance()).toNumber()).toBe(2 * 83_333);
    bob.client.close();
  });

  it('may exceed the cost, and must not fall short of it', async () => {
    const bob = await newParty(stage, 100);
    const info = (tinybar: number) =>
      new AccountInfoQuery().setAccountId('0.0.3').setQueryPayment(Hbar.fromTinybars(tinybar));
    expect(await refusal(() => info(1_000_000_000).execute(bob.client))).toBe('none');
    expect(await refusal(() => info(7).execute(bob.client))).toBe('none');
    expect(await refusal(() => info(6).execute(bob.client))).toBe('INSUFFICIENT_TX_FEE');
    expect(await refusal(() => info(0).execute(stage.client))).toBe('none');
    bob.client.close();
    const limited = new AccountInfoQuery().setAccountId('0.0.3').setMaxQueryPayment(Hbar.fromTinybars(1));
    await expect(limited.execute(stage.client)).rejects.toThrow('exceeds max');
  });

  it('is not wanted for a receipt', async () => {
    const response = await new TransferTransaction()
      .addHbarTransfer('0.0.2', -1)
      .addHbarTransfer('0.0.3', 1)
      .execute(stage.client);
    const receipt = new TransactionReceiptQuery().setTransactionId(response.transactionId);
    expect((await receipt.setQueryPayment(new Hbar(0)).execute(stage.client)).status.toString()).toBe('SUCCESS');
  });
});

describe('what this network does not have', () => {
  it('answers NOT_SUPPORTED', async () => {
    expect(await statusOf(new FileCreateTransaction().setContents('text'), stage.client)).toBe('NOT_SUPPORTED');
    const nft = new NftId(TokenId.fromString('0.0.1001'), 1);
    const ask = [
      () => new ContractInfoQuery().setContractId('0.0.1001').execute(stage.client),
      () => new FileInfoQuery().setFileId('0.0.1001').execute(stage.client),
      () => new TokenNftInfoQuery().setNftId(nft).execute(stage.client),
    ];
    for (const one of ask) {
      expect(await refusal(one)).toBe('NOT_SUPPORTED');
    }
  });

  it('answers a ping', async () => {
    await expect(stage.client.ping('0.0.3')).resolves.toBeUndefined();
  });
});
