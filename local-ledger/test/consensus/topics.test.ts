import { transactionId } from '@gatepost/local-ledger/core/ids';
import type { RecordItem } from '@gatepost/local-ledger/core/record-item';
import { Status } from '@gatepost/local-ledger/core/status';
import { runningHash } from '@gatepost/local-ledger/core/transactions/consensus/running-hash';
import type { TransactionID } from '@gatepost/local-ledger/gen/services_basic_types';
import { NodeCrypto } from '@gatepost/local-ledger/node/node-crypto';
import {
  BatchTransaction,
  KeyList,
  PrivateKey,
  Timestamp,
  TopicCreateTransaction,
  TopicDeleteTransaction,
  TopicId,
  TopicInfoQuery,
  TopicMessageSubmitTransaction,
  TopicUpdateTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REAL_RUNNING_HASHES } from '../../../shared/test/running-hashes.js';
import { plainBody, RawClient, transactionBytes } from './raw.js';
import { newParty, openStage, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let bob: Party;
const items: RecordItem[] = [];

beforeAll(async () => {
  stage = await openStage();
  stage.ledger.records.subscribe((item) => items.push(item));
  bob = await newParty(stage);
});

afterAll(async () => {
  bob.client.close();
  await stage.close();
});

const missing = TopicId.fromString('0.0.999999');

async function newTopic(
  changes: (topic: TopicCreateTransaction) => TopicCreateTransaction = (t) => t,
): Promise<TopicId> {
  const response = await changes(new TopicCreateTransaction()).execute(stage.client);
  const { topicId } = await response.getReceipt(stage.client);
  return topicId ?? missing;
}

const admin = (topic: TopicCreateTransaction) => topic.setAdminKey(stage.operatorKey.publicKey);
const info = (topicId: TopicId) => new TopicInfoQuery().setTopicId(topicId).execute(stage.client);
const submit = (topicId: TopicId, message: string | Uint8Array = 'hello') =>
  new TopicMessageSubmitTransaction({ topicId, message });

describe('submitting', () => {
  it('numbers messages from 1 and chains their hashes', async () => {
    const topicId = await newTopic();
    const hashes: string[] = [];
    for (const expected of ['1', '2', '3']) {
      const receipt = await (await submit(topicId).execute(stage.client)).getReceipt(stage.client);
      expect(receipt.topicSequenceNumber?.toString(), expected).toBe(expected);
      hashes.push(Buffer.from(receipt.topicRunningHash ?? []).toString('hex'));
    }
    expect(new Set(hashes).size).toBe(3);
    const { runningHash } = await info(topicId);
    expect(Buffer.from(runningHash).toString('hex')).toBe(hashes[2]);
  });

  it('splits a long message into chunks that carry the first id', async () => {
    const topicId = await newTopic();
    await submit(topicId, 'x'.repeat(2_500)).executeAll(stage.client);
    const chunks = items.flatMap(({ message }) =>
      message?.topic === Number(topicId.num) ? (message.chunk ?? []) : [],
    );
    expect(chunks.map(({ number, total }) => `${number}/${total}`).sort()).toEqual(['1/3', '2/3', '3/3']);
    expect(new Set(chunks.map(({ initialTransactionId }) => initialTransactionId.validStart)).size).toBe(1);
  });

  it('refuses an unknown topic and a message that is too long', async () => {
    const topicId = await newTopic();
    expect(await statusOf(submit(missing), stage.client)).toBe('INVALID_TOPIC_ID');
    const long = submit(topicId, 'x'.repeat(1_025)).setChunkSize(2_000);
    expect(await statusOf(long, stage.client)).toBe('MESSAGE_SIZE_TOO_LARGE');
  });

  it('needs the submit key, which the message may be signed with beside the payer', async () => {
    const key = PrivateKey.generateECDSA();
    const topicId = await newTopic((topic) => topic.setSubmitKey(new KeyList([key.publicKey])));
    expect(await statusOf(submit(topicId), bob.client)).toBe('INVALID_SIGNATURE');
    const signed = await submit(topicId).freezeWith(bob.client).sign(key);
    expect(await statusOf(signed, bob.client)).toBe('SUCCESS');
  });
});

describe('updating and deleting', () => {
  it('lets nobody but the admin change a topic, and nobody one without admin', async () => {
    const owned = await newTopic(admin);
    const fixed = await newTopic();
    const rename = (topicId: TopicId) => new TopicUpdateTransaction().setTopicId(topicId).setTopicMemo('new');
    expect(await statusOf(rename(fixed), stage.client)).toBe('UNAUTHORIZED');
    expect(await statusOf(rename(owned), bob.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(rename(owned), stage.client)).toBe('SUCCESS');
    expect((await info(owned)).topicMemo).toBe('new');
  });

  it('needs a new admin key to sign, and removes keys', async () => {
    const topicId = await newTopic((topic) => admin(topic).setSubmitKey(bob.key.publicKey));
    const update = () => new TopicUpdateTransaction().setTopicId(topicId);
    expect(await statusOf(update().setAdminKey(bob.key.publicKey), stage.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(update().setSubmitKey(new KeyList()), stage.client)).toBe('SUCCESS');
    expect((await info(topicId)).submitKey).toBeNull();
    const handOver = await update().setAdminKey(bob.key.publicKey).freezeWith(stage.client).sign(bob.key);
    expect(await statusOf(handOver, stage.client)).toBe('SUCCESS');
    expect((await info(topicId)).adminKey?.toString()).toBe(bob.key.publicKey.toString());
  });

  it('lets anybody extend the expiry, and nobody shorten it', async () => {
    const topicId = await newTopic(admin);
    const current = Number((await info(topicId)).expirationTime?.seconds);
    const until = (seconds: number) =>
      new TopicUpdateTransaction().setTopicId(topicId).setExpirationTime(new Timestamp(seconds, 0));
    expect(await statusOf(until(current + 100_000), bob.client)).toBe('SUCCESS');
    expect(await statusOf(until(current), bob.client)).toBe('EXPIRATION_REDUCTION_NOT_ALLOWED');
    expect(await statusOf(until(1_000), bob.client)).toBe('INVALID_EXPIRATION_TIME');
  });

  it('forgets a deleted topic', async () => {
    const topicId = await newTopic(admin);
    const remove = () => new TopicDeleteTransaction().setTopicId(topicId);
    expect(await statusOf(remove(), bob.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(remove(), stage.client)).toBe('SUCCESS');
    expect(await statusOf(remove(), bob.client)).toBe('INVALID_SIGNATURE');
    expect(await statusOf(remove(), stage.client)).toBe('SUCCESS');
    expect(await statusOf(submit(topicId), stage.client)).toBe('INVALID_TOPIC_ID');
    await expect(info(topicId)).rejects.toThrow('INVALID_TOPIC_ID');
  });

  it('bounds memo and renewal and looks up the renewer', async () => {
    const create = () => new TopicCreateTransaction();
    expect(await statusOf(create().setTopicMemo('é'.repeat(51)), stage.client)).toBe('MEMO_TOO_LONG');
    expect(await statusOf(create().setAutoRenewPeriod(2_591_999), stage.client)).toBe(
      'AUTORENEW_DURATION_NOT_IN_RANGE',
    );
    const renewer = create().setAutoRenewAccountId('0.0.999999');
    expect(await statusOf(renewer, stage.client)).toBe('INVALID_AUTORENEW_ACCOUNT');
  });
});

describe('chunk rules', () => {
  const chunk = (topicId: TopicId, initial: TransactionID, number: number, total: number) => ({
    $case: 'consensusSubmitMessage' as const,
    value: {
      topicID: { shardNum: 0n, realmNum: 0n, topicNum: BigInt(topicId.num.toString()) },
      message: Buffer.from('part'),
      chunkInfo: { initialTransactionID: initial, number, total },
    },
  });

  async function submitted(
    changes: (own: TransactionID) => Parameters<typeof chunk>[1],
    number: number,
    total: number,
  ) {
    const topicId = await newTopic();
    const plain = plainBody();
    const own = plain.transactionID ?? transactionId({ payer: 2, validStart: 0n, scheduled: false, nonce: 0 });
    const raw = new RawClient(stage.ledger.ports.consensus);
    const data = chunk(topicId, changes(own), number, total);
    expect(await raw.submit(transactionBytes({ ...plain, data }))).toBe('OK');
    raw.close();
    return items.at(-1)?.status;
  }

  it('takes a first chunk under its own id and a later one under another of the same payer', async () => {
    const earlier = transactionId({ payer: 2, validStart: 1n, scheduled: false, nonce: 0 });
    expect(await submitted((own) => own, 1, 2)).toBe(Status.SUCCESS);
    expect(await submitted(() => earlier, 2, 2)).toBe(Status.SUCCESS);
  });

  it('refuses a number outside the total, another payer, and a first chunk under another id', async () => {
    const earlier = transactionId({ payer: 2, validStart: 1n, scheduled: false, nonce: 0 });
    const foreign = transactionId({ payer: 3, validStart: 1n, scheduled: false, nonce: 0 });
    expect(await submitted((own) => own, 0, 2)).toBe(Status.INVALID_CHUNK_NUMBER);
    expect(await submitted((own) => own, 3, 2)).toBe(Status.INVALID_CHUNK_NUMBER);
    expect(await submitted(() => foreign, 2, 2)).toBe(Status.INVALID_CHUNK_TRANSACTION_ID);
    expect(await submitted(() => earlier, 1, 2)).toBe(Status.INVALID_CHUNK_TRANSACTION_ID);
  });
});

describe('running hash', () => {
  it.each(REAL_RUNNING_HASHES)('is that of a real network: $kind, $topic/$sequence', (real) => {
    const hash = runningHash(
      {
        previous: Buffer.from(real.before, 'hex'),
        payer: Number(real.payer.slice(4)),
        topic: Number(real.topic.slice(4)),
        handledAt: BigInt(real.handledAt),
        sequenceNumber: BigInt(real.sequence),
        message: Buffer.from(real.content),
      },
      new NodeCrypto(),
    );
    expect(Buffer.from(hash).toString('hex')).toBe(real.hash);
  });

  /** The message items on a topic, each with what its hash says of the time it covers. */
  function handlingTimes(topicId: TopicId): { readonly item: RecordItem; readonly covers: bigint | undefined }[] {
    const own = items.filter(({ message }) => message?.topic === topicId.num.toNumber());
    return own.map((item, index) => ({ item, covers: coveredTime(item, own[index - 1]?.message?.runningHash) }));
  }

  /** Which of the times around a message its running hash was made with. */
  function coveredTime(
    { message, consensusTimestamp }: RecordItem,
    previous: Uint8Array = new Uint8Array(48),
  ): bigint | undefined {
    if (message === undefined) return undefined;
    const { payer, topic, sequenceNumber } = message;
    return [0n, 1n, 2n, 3n]
      .map((before) => consensusTimestamp - before)
      .find((handledAt) => {
        const hashed = { previous, payer, topic, handledAt, sequenceNumber, message: message.message };
        return Buffer.compare(runningHash(hashed, new NodeCrypto()), message.runningHash) === 0;
      });
  }

  it('covers the time of the batch a message is in', async () => {
    const topicId = await newTopic();
    const key = stage.operatorKey;
    const inner = [
      await submit(topicId, 'one').batchify(stage.client, key.publicKey),
      await submit(topicId, 'two').batchify(stage.client, key.publicKey),
    ];
    const batch = new BatchTransaction();
    for (const transaction of inner) batch.addInnerTransaction(transaction);
    await (await batch.execute(stage.client)).getReceipt(stage.client);
    const times = handlingTimes(topicId);
    expect(times).toHaveLength(2);
    for (const { item, covers } of times) {
      expect(covers).toBe(item.parentConsensusTimestamp);
      expect(covers).toBeLessThan(item.consensusTimestamp);
    }
  });

  it('covers the time of the create or the sign that made a schedule run at once, and else its own', async () => {
    const topicId = await newTopic();
    const create = await submit(topicId, 'scheduled').schedule().execute(stage.client);
    const made = (await create.getRecord(stage.client)).consensusTimestamp;
    await (await submit(topicId, 'alone').execute(stage.client)).getReceipt(stage.client);
    const [scheduled, alone] = handlingTimes(topicId);
    expect(scheduled?.covers).toBe(BigInt(made.seconds.toString()) * 1_000_000_000n + BigInt(made.nanos.toString()));
    expect(scheduled?.covers).toBe((scheduled?.item.consensusTimestamp ?? 0n) - 1n);
    expect(alone?.covers).toBe(alone?.item.consensusTimestamp);
  });
});
