import {
  AccountBalanceQuery,
  AccountInfoQuery,
  BatchTransaction,
  Hbar,
  ScheduleCreateTransaction,
  ScheduleId,
  ScheduleInfoQuery,
  ScheduleSignTransaction,
  type SubscriptionHandle,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  TokenInfoQuery,
  TopicCreateTransaction,
  TopicInfoQuery,
  TopicMessageQuery,
  TopicMessageSubmitTransaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Stage } from './support.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
});

describe('the SDK against the embedded network', () => {
  it('creates an account, pays it and reads it back', async () => {
    const bob = await newParty(stage, 5);
    const response = await new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-1))
      .addHbarTransfer(bob.id, new Hbar(1))
      .execute(stage.client);
    const record = await response.getRecord(stage.client);
    expect(record.receipt.status.toString()).toBe('SUCCESS');
    expect(record.transactionFee.toTinybars().toString()).toBe('0');
    const info = await new AccountInfoQuery().setAccountId(bob.id).execute(stage.client);
    expect(info.balance.toString()).toBe('6 ℏ');
    const balance = await new AccountBalanceQuery().setAccountId(bob.id).execute(stage.client);
    expect(balance.hbars.toString()).toBe('6 ℏ');
  });

  it('creates a topic and submits to it', async () => {
    const created = await new TopicCreateTransaction().setTopicMemo('a topic').execute(stage.client);
    const { topicId } = await created.getReceipt(stage.client);
    const submitted = await new TopicMessageSubmitTransaction({ topicId: topicId ?? '', message: 'hello' }).execute(
      stage.client,
    );
    const receipt = await submitted.getReceipt(stage.client);
    expect(receipt.topicSequenceNumber?.toString()).toBe('1');
    expect(receipt.topicRunningHash).toHaveLength(48);
    const info = await new TopicInfoQuery().setTopicId(topicId ?? '').execute(stage.client);
    expect(info.sequenceNumber.toString()).toBe('1');
    expect(info.topicMemo).toBe('a topic');
  });

  it('shows on the mirror, by subscription and over REST', async () => {
    const created = await new TopicCreateTransaction().execute(stage.client);
    const { topicId } = await created.getReceipt(stage.client);
    let handle: SubscriptionHandle | undefined;
    const seen = new Promise<string>((resolve) => {
      handle = new TopicMessageQuery({ topicId: topicId ?? '' })
        .setStartTime(0)
        .subscribe(stage.client, null, (message) => resolve(Buffer.from(message.contents).toString()));
    });
    const submitted = await new TopicMessageSubmitTransaction({ topicId: topicId ?? '', message: 'seen' }).execute(
      stage.client,
    );
    const { topicRunningHash } = await submitted.getReceipt(stage.client);
    expect(await seen).toBe('seen');
    handle?.unsubscribe();
    const answer = await fetch(
      `http://127.0.0.1:${stage.ledger.ports.mirrorRest}/api/v1/topics/${topicId}/messages?limit=1`,
    );
    const { messages } = (await answer.json()) as { messages: { running_hash: string }[] };
    expect(messages[0]?.running_hash).toBe(Buffer.from(topicRunningHash ?? []).toString('base64'));
  });

  it('creates a token, associates it and moves it', async () => {
    const bob = await newParty(stage);
    const created = await new TokenCreateTransaction()
      .setTokenName('Work')
      .setTokenSymbol('WRK')
      .setDecimals(2)
      .setInitialSupply(1_000)
      .setTreasuryAccountId('0.0.2')
      .execute(stage.client);
    const tokenId = (await created.getReceipt(stage.client)).tokenId ?? '';
    const associate = await new TokenAssociateTransaction()
      .setAccountId(bob.id)
      .setTokenIds([tokenId])
      .freezeWith(stage.client)
      .sign(bob.key);
    await (await associate.execute(stage.client)).getReceipt(stage.client);
    const move = await new TransferTransaction()
      .addTokenTransfer(tokenId, '0.0.2', -10)
      .addTokenTransfer(tokenId, bob.id, 10)
      .execute(stage.client);
    const record = await move.getRecord(stage.client);
    expect(record.tokenTransfers.get(tokenId.toString())?.get(bob.id)?.toString()).toBe('10');
    const info = await new TokenInfoQuery().setTokenId(tokenId).execute(stage.client);
    expect(info.totalSupply.toString()).toBe('1000');
  });

  it('runs a schedule when its last signature arrives', async () => {
    const bob = await newParty(stage, 10);
    const inner = new TransferTransaction().addHbarTransfer(bob.id, new Hbar(-2)).addHbarTransfer('0.0.2', new Hbar(2));
    const created = await new ScheduleCreateTransaction().setScheduledTransaction(inner).execute(stage.client);
    const { scheduleId, scheduledTransactionId } = await created.getReceipt(stage.client);
    const id = scheduleId ?? ScheduleId.fromString('0.0.0');
    const before = await new ScheduleInfoQuery().setScheduleId(id).execute(stage.client);
    expect(before.executed).toBeNull();
    const sign = await new ScheduleSignTransaction().setScheduleId(id).freezeWith(stage.client).sign(bob.key);
    await (await sign.execute(stage.client)).getReceipt(stage.client);
    const after = await new ScheduleInfoQuery().setScheduleId(id).execute(stage.client);
    expect(after.executed).not.toBeNull();
    expect(scheduledTransactionId?.scheduled).toBe(true);
    const balance = await new AccountBalanceQuery().setAccountId(bob.id).execute(stage.client);
    expect(balance.hbars.toString()).toBe('8 ℏ');
  });

  it('runs a batch', async () => {
    const bob = await newParty(stage, 1);
    const pay = await new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-1))
      .addHbarTransfer(bob.id, new Hbar(1))
      .batchify(stage.client, stage.operatorKey.publicKey);
    const back = await new TransferTransaction()
      .addHbarTransfer(bob.id, new Hbar(-1))
      .addHbarTransfer('0.0.2', new Hbar(1))
      .setBatchKey(stage.operatorKey.publicKey)
      .freezeWith(stage.client)
      .sign(bob.key);
    await back.signWithOperator(stage.client);
    const batch = await new BatchTransaction().addInnerTransaction(pay).addInnerTransaction(back).execute(stage.client);
    const receipt = await batch.getReceipt(stage.client);
    expect(receipt.status.toString()).toBe('SUCCESS');
  });
});
