import {
  AddressBookQuery,
  BatchTransaction,
  FileId,
  Hbar,
  PrivateKey,
  ScheduleCreateTransaction,
  ScheduleSignTransaction,
  TokenCreateTransaction,
  TopicCreateTransaction,
  type TopicMessage,
  TopicMessageQuery,
  TopicMessageSubmitTransaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Stage } from '../consensus/support.js';
import { rest, until } from './mirror-client.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ ports: { fees: false } });
});
afterAll(() => stage.close());

async function createTopic(): Promise<string> {
  const response = await new TopicCreateTransaction().setTopicMemo('mirrored').execute(stage.client);
  return String((await response.getReceipt(stage.client)).topicId);
}

async function submit(topicId: string, message: string): Promise<void> {
  const responses = await new TopicMessageSubmitTransaction({ topicId, message }).executeAll(stage.client);
  for (const response of responses) await response.getReceipt(stage.client);
}

/** REST form of an SDK transaction id. */
const restId = (id: unknown): string =>
  String(id).replace(/@(\d+)\.(\d+)$/, (_, s, n) => `-${s}-${n.padStart(9, '0')}`);

describe('the mirror, through the SDK and REST', () => {
  it('delivers stored and new messages to TopicMessageQuery, chunks put together', async () => {
    const topic = await createTopic();
    await submit(topic, 'stored');
    const received: TopicMessage[] = [];
    const handle = new TopicMessageQuery()
      .setTopicId(topic)
      .setStartTime(0)
      .subscribe(stage.client, null, (message) => received.push(message));
    await until(() => expect(received).toHaveLength(1));
    const long = 'x'.repeat(2500);
    await submit(topic, long);
    await submit(topic, 'after');
    await until(() => expect(received).toHaveLength(3));
    handle.unsubscribe();
    expect(received.map((one) => Buffer.from(one.contents).toString())).toEqual(['stored', long, 'after']);
    expect(received[1]?.chunks).toHaveLength(3);
    const { body } = await rest(stage.ledger.mirror, `/topics/${topic}/messages`);
    expect(body.messages.map((one: { sequence_number: number }) => one.sequence_number)).toEqual([1, 2, 3, 4, 5]);
    expect(body.messages[1].chunk_info).toMatchObject({ number: 1, total: 3 });
    expect(body.messages[4].running_hash).toBe(Buffer.from(received[2]?.runningHash ?? []).toString('base64'));
  });

  it('tells AddressBookQuery of the node that answers', async () => {
    const book = await new AddressBookQuery().setFileId(FileId.ADDRESS_BOOK).execute(stage.client);
    expect(book.nodeAddresses).toHaveLength(1);
    expect(String(book.nodeAddresses[0]?.accountId)).toBe('0.0.3');
    expect(book.nodeAddresses[0]?.addresses[0]?.port).toBe(stage.ledger.ports.consensus);
  });

  it('shows a transfer with its fee as the record has it', async () => {
    const bob = await newParty(stage);
    const response = await new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-3))
      .addHbarTransfer(bob.id, new Hbar(3))
      .setTransactionMemo('rent')
      .execute(stage.client);
    const record = await response.getRecord(stage.client);
    const { body } = await rest(stage.ledger.mirror, `/transactions/${restId(response.transactionId)}`);
    expect(body.transactions).toHaveLength(1);
    expect(body.transactions[0]).toMatchObject({
      name: 'CRYPTOTRANSFER',
      result: 'SUCCESS',
      charged_tx_fee: Number(record.transactionFee.toTinybars()),
      consensus_timestamp: `${record.consensusTimestamp.seconds}.${String(record.consensusTimestamp.nanos).padStart(9, '0')}`,
      memo_base64: Buffer.from('rent').toString('base64'),
      transaction_hash: Buffer.from(record.transactionHash).toString('base64'),
    });
    const sum = body.transactions[0].transfers.reduce(
      (total: number, one: { amount: number }) => total + one.amount,
      0,
    );
    expect(sum).toBe(0);
    const account = await rest(stage.ledger.mirror, `/accounts/${bob.id}`);
    expect(account.body).toMatchObject({
      balance: { balance: 10_300_000_000 },
      key: { _type: 'ED25519', key: bob.key.publicKey.toStringRaw() },
    });
  });

  it('shows a token, who holds it, and what an account holds', async () => {
    const bob = await newParty(stage, 10, -1);
    const created = await new TokenCreateTransaction()
      .setTokenName('Gate')
      .setTokenSymbol('GT')
      .setDecimals(2)
      .setInitialSupply(1000)
      .setTreasuryAccountId('0.0.2')
      .setMaxTransactionFee(new Hbar(100))
      .execute(stage.client);
    const token = String((await created.getReceipt(stage.client)).tokenId);
    const moved = await new TransferTransaction()
      .addTokenTransfer(token, '0.0.2', -40)
      .addTokenTransfer(token, bob.id, 40)
      .execute(stage.client);
    await moved.getReceipt(stage.client);
    expect((await rest(stage.ledger.mirror, `/tokens/${token}`)).body).toMatchObject({
      decimals: '2',
      total_supply: '1000',
    });
    expect((await rest(stage.ledger.mirror, `/tokens/${token}/balances`)).body.balances).toEqual([
      { account: bob.id.toString(), balance: 40, decimals: 2 },
      { account: '0.0.2', balance: 960, decimals: 2 },
    ]);
    expect((await rest(stage.ledger.mirror, `/accounts/${bob.id}/tokens`)).body.tokens[0]).toMatchObject({
      token_id: token,
      balance: 40,
      automatic_association: true,
    });
    const { body } = await rest(stage.ledger.mirror, `/transactions?account.id=${bob.id}&type=credit&limit=1`);
    expect(body.transactions[0].token_transfers).toHaveLength(2);
  });

  it('shows a batch with its inner transactions, and a schedule before and after it runs', async () => {
    const topic = await createTopic();
    const batchKey = PrivateKey.generateED25519();
    const inner = await new TopicMessageSubmitTransaction({ topicId: topic, message: 'in a batch' }).batchify(
      stage.client,
      batchKey,
    );
    const batch = new BatchTransaction().addInnerTransaction(inner).freezeWith(stage.client);
    const response = await (await batch.sign(batchKey)).execute(stage.client);
    await response.getReceipt(stage.client);
    const outer = await rest(stage.ledger.mirror, `/transactions/${restId(response.transactionId)}`);
    expect(outer.body.transactions.map((one: { name: string }) => one.name)).toEqual([
      'ATOMICBATCH',
      'CONSENSUSSUBMITMESSAGE',
    ]);
    const message = (await rest(stage.ledger.mirror, `/topics/${topic}/messages/1`)).body;
    expect((await rest(stage.ledger.mirror, `/topics/messages/${message.consensus_timestamp}`)).body).toEqual(message);

    const bob = await newParty(stage);
    const transfer = new TransferTransaction()
      .addHbarTransfer(bob.id, new Hbar(-1))
      .addHbarTransfer('0.0.2', new Hbar(1));
    const created = await new ScheduleCreateTransaction().setScheduledTransaction(transfer).execute(stage.client);
    const scheduleId = String((await created.getReceipt(stage.client)).scheduleId);
    expect((await rest(stage.ledger.mirror, `/schedules/${scheduleId}`)).body.executed_timestamp).toBeNull();
    const signed = await new ScheduleSignTransaction().setScheduleId(scheduleId).execute(bob.client);
    await signed.getReceipt(bob.client);
    const schedule = (await rest(stage.ledger.mirror, `/schedules/${scheduleId}`)).body;
    expect(schedule.executed_timestamp).toMatch(/^\d+\.\d{9}$/);
    const run = await rest(stage.ledger.mirror, `/transactions/${restId(created.transactionId)}?scheduled=true`);
    expect(run.body.transactions[0]).toMatchObject({ scheduled: true, result: 'SUCCESS' });
    expect(run.body.transactions[0].consensus_timestamp).toBe(schedule.executed_timestamp);
    bob.client.close();
  });
});
