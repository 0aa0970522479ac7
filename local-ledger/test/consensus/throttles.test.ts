import { Throttles } from '@gatepost/local-ledger/core/ingest/throttles';
import { LedgerState } from '@gatepost/local-ledger/core/state/ledger-state';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import {
  PrivateKey,
  ScheduleCreateTransaction,
  Timestamp,
  TopicCreateTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, openStage, type Stage, statusIn, statusOf } from './support.js';

const second = 1_000_000_000n;
const start = 1_700_000_000n * second;

type Case = NonNullable<TransactionBody['data']>['$case'];

/** How many of many transactions of one kind, by an account, are taken at once. */
function taken(throttles: Throttles, kind: Case, tries: number, now = start, payer = 1_001): number {
  const state = new LedgerState();
  const { data } = TransactionBody.fromPartial({ data: { $case: kind, value: {} } as never });
  const envelope = { body: { data }, id: { payer, validStart: now, scheduled: false, nonce: 0 } } as never;
  return Array.from({ length: tries }, () => throttles.admits(envelope, state, now)).filter(Boolean).length;
}

describe('the buckets', () => {
  it.each<[Case, number, number]>([
    ['scheduleCreate', 100, 1_500],
    ['scheduleSign', 100, 1_500],
    ['consensusCreateTopic', 5, 75],
    ['cryptoCreateAccount', 2, 30],
    ['tokenAssociate', 100, 1_500],
    ['tokenMint', 125, 1_875],
    ['tokenFreeze', 3_000, 45_000],
    ['consensusSubmitMessage', 10_500, 157_500],
  ])('%s: %i in a second, %i at once', (kind, perSecond, burst) => {
    const throttles = new Throttles();
    expect(taken(throttles, kind, burst + 10)).toBe(burst);
    expect(taken(throttles, kind, perSecond + 10, start + second)).toBe(perSecond);
    expect(taken(throttles, kind, burst + 10, start + 60n * second)).toBe(burst);
  });

  it('share what they hold among the kinds in them, each at its rate', () => {
    const throttles = new Throttles();
    expect(taken(throttles, 'scheduleCreate', 750)).toBe(750);
    expect(taken(throttles, 'cryptoCreateAccount', 30)).toBe(15);
  });

  it('take nothing of what another bucket refuses', () => {
    const throttles = new Throttles();
    taken(throttles, 'cryptoCreateAccount', 30);
    taken(throttles, 'cryptoCreateAccount', 1_000);
    expect(taken(throttles, 'consensusSubmitMessage', 157_500)).toBe(157_500 - 30);
  });

  it('never refuse a system account, nor count it', () => {
    const throttles = new Throttles();
    expect(taken(throttles, 'cryptoCreateAccount', 100, start, 100)).toBe(100);
    expect(taken(throttles, 'cryptoCreateAccount', 100, start, 101)).toBe(30);
  });
});

describe('the testnet profile', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage({ profile: 'testnet', accounts: 1 });
  });
  afterAll(() => stage.close());

  /** A client of the account that exists from the start. */
  const customer = () => {
    const [account] = stage.ledger.accounts;
    return clientOf(stage.ledger, account?.accountId ?? '', PrivateKey.fromStringDer(account?.privateKey ?? ''));
  };
  const prechecks = (transactions: readonly Transaction[], client: ReturnType<typeof customer>) =>
    Promise.all(
      transactions.map((transaction) =>
        transaction
          .setMaxAttempts(1)
          .execute(client)
          .then(() => 'OK', statusIn),
      ),
    );

  it('refuses the topics that are too many with BUSY, and takes one that is asked for again', async () => {
    const client = customer();
    const many = Array.from({ length: 120 }, () => new TopicCreateTransaction());
    const since = performance.now();
    const answers = await prechecks(many, client);
    const most = 75 + Math.ceil((5 * (performance.now() - since)) / 1_000);
    const accepted = answers.filter((answer) => answer === 'OK').length;
    expect(accepted).toBeGreaterThanOrEqual(75);
    expect(accepted).toBeLessThanOrEqual(most);
    expect(new Set(answers)).toEqual(new Set(['OK', 'BUSY']));
    expect(await statusOf(new TopicCreateTransaction(), client)).toBe('SUCCESS');
    client.close();
  });

  it('refuses a schedule for a second in which a hundred expire', async () => {
    const client = customer();
    const expiry = new Timestamp(Number(stage.ledger.clock.now() / second) + 3_600, 0);
    const schedule = (memo: number) =>
      new ScheduleCreateTransaction()
        .setScheduledTransaction(new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.3', 1))
        .setScheduleMemo(`${memo}`)
        .setWaitForExpiry(true)
        .setExpirationTime(expiry);
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, memo) => statusOf(schedule(memo), client)));
    expect(new Set(statuses)).toEqual(new Set(['SUCCESS']));
    expect(await prechecks([schedule(100)], client)).toEqual(['BUSY']);
    client.close();
  });
});
