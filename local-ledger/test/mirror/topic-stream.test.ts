import { ConsensusTopicQuery } from '@gatepost/local-ledger/gen/mirror_consensus_service';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toProtoTimestamp } from '../../src/mirror/format/timestamp.js';
import type { Mirror } from '../../src/mirror/start.js';
import { HandMadeSource } from './hand-made-source.js';
import { startTestMirror, TestSubscription, topicId, until } from './mirror-client.js';

const ZERO = { seconds: 0n, nanos: 0 };

describe('subscribeTopic', () => {
  let source: HandMadeSource;
  let mirror: Mirror;
  const open: TestSubscription[] = [];

  function subscribe(...args: ConstructorParameters<typeof TestSubscription> extends [number, ...infer R] ? R : never) {
    const subscription = new TestSubscription(mirror.ports.grpc, ...args);
    open.push(subscription);
    return subscription;
  }

  beforeEach(async () => {
    source = new HandMadeSource();
    source.account(1001);
    source.topic(1002);
    mirror = await startTestMirror(source);
  });

  afterEach(async () => {
    for (const one of open.splice(0)) one.close();
    await mirror.close();
  });

  it('sends stored messages and then new ones, each once and in order', async () => {
    for (let n = 1; n <= 500; n++) source.message(1002, `old ${n}`);
    const subscription = subscribe({ topicID: topicId(1002), consensusStartTime: ZERO });
    await until(() => expect(subscription.received.length).toBeGreaterThan(0));
    for (let n = 1; n <= 500; n++) source.message(1002, `new ${n}`);
    await until(() => expect(subscription.received).toHaveLength(1000));
    expect(subscription.sequences).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
  });

  it('carries every field of a chunk', async () => {
    const initialTransactionId = { payer: 1001, validStart: 1_699_999_999_000_000_007n, scheduled: false, nonce: 0 };
    const sent = source.message(1002, 'hello', { payer: 1001, chunk: { initialTransactionId, number: 1, total: 2 } });
    const subscription = subscribe({ topicID: topicId(1002), consensusStartTime: ZERO, limit: 1n });
    expect(await subscription.ended).toEqual({ code: status.OK, details: '' });
    const [first] = subscription.received;
    expect(first).toMatchObject({
      consensusTimestamp: toProtoTimestamp(sent.consensusTimestamp),
      sequenceNumber: 1n,
      runningHashVersion: 3n,
      chunkInfo: { number: 1, total: 2 },
    });
    expect(Buffer.from(first?.message ?? []).toString()).toBe('hello');
    expect(Buffer.from(first?.runningHash ?? [])).toEqual(Buffer.from(sent.runningHash));
    expect(first?.chunkInfo?.initialTransactionID).toMatchObject({
      accountID: { account: { $case: 'accountNum', value: 1001n } },
      transactionValidStart: { seconds: 1_699_999_999n, nanos: 7 },
    });
  });

  it('starts now unless told, includes the start and excludes the end', async () => {
    source.message(1002, 'before');
    const live = subscribe({ topicID: topicId(1002), limit: 1n });
    const second = source.next;
    await until(() => expect(mirror.faults.running()).toBe(1));
    source.message(1002, 'second');
    const third = source.message(1002, 'third').consensusTimestamp;
    await live.ended;
    expect(live.sequences).toEqual([2]);
    expect(mirror.faults.running()).toBe(0);
    const part = subscribe({
      topicID: topicId(1002),
      consensusStartTime: toProtoTimestamp(second),
      consensusEndTime: toProtoTimestamp(third),
    });
    expect(await part.ended).toEqual({ code: status.OK, details: '' });
    expect(part.sequences).toEqual([2]);
  });

  it('ends once network time has passed the end, though no message comes', async () => {
    const subscription = subscribe({
      topicID: topicId(1002),
      consensusStartTime: ZERO,
      consensusEndTime: toProtoTimestamp(source.next + 5_000_000_000n),
    });
    await until(() => expect(mirror.faults.running()).toBe(1));
    source.next += 6_000_000_000n;
    expect((await subscription.ended).code).toBe(status.OK);
  });

  it.each([
    ['an unknown topic', { topicID: topicId(4711) }, status.NOT_FOUND],
    ['another shard', { topicID: { shardNum: 1n, realmNum: 0n, topicNum: 1002n } }, status.NOT_FOUND],
    ['an account', { topicID: topicId(1001) }, status.INVALID_ARGUMENT],
    ['no topic', {}, status.INVALID_ARGUMENT],
    ['a negative number', { topicID: topicId(-1) }, status.INVALID_ARGUMENT],
    [
      'a start in the future',
      { topicID: topicId(1002), consensusStartTime: { seconds: 9_000_000_000n, nanos: 0 } },
      status.INVALID_ARGUMENT,
    ],
    [
      'an end before the start',
      {
        topicID: topicId(1002),
        consensusStartTime: { seconds: 5n, nanos: 0 },
        consensusEndTime: { seconds: 4n, nanos: 0 },
      },
      status.INVALID_ARGUMENT,
    ],
    ['a limit beyond int64', { topicID: topicId(1002), limit: 2n ** 64n - 1n }, status.INVALID_ARGUMENT],
  ])('refuses %s', async (_what, query, code) => {
    expect((await subscribe(query).ended).code).toBe(code);
  });

  it('forgets a stream that the client has left', async () => {
    const subscription = subscribe({ topicID: topicId(1002) });
    await until(() => expect(mirror.faults.running()).toBe(1));
    subscription.close();
    await until(() => expect(mirror.faults.running()).toBe(0));
    source.message(1002, 'to nobody');
  });

  it('serves a deleted topic', async () => {
    source.message(1002, 'kept');
    source.topic(1002, { deleted: true });
    const subscription = subscribe({ topicID: topicId(1002), consensusStartTime: ZERO, limit: 1n });
    expect((await subscription.ended).code).toBe(status.OK);
    expect(subscription.sequences).toEqual([1]);
  });

  it('lets five streams of a connection through; a sixth waits without an error until one has ended', async () => {
    source.message(1002, 'one');
    const client = new Client(`127.0.0.1:${mirror.ports.grpc}`, credentials.createInsecure());
    const asIs = (bytes: Buffer): Buffer => bytes;
    const query = ConsensusTopicQuery.fromPartial({ topicID: topicId(1002), consensusStartTime: ZERO });
    const request = Buffer.from(ConsensusTopicQuery.encode(query).finish());
    let reached = 0;
    let hasCancelled = false;
    const open = () => {
      const path = '/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic';
      const stream = client.makeServerStreamRequest(path, asIs, asIs, request);
      stream.on('data', () => reached++);
      stream.on('error', ({ code }: { code?: status }) => {
        // From Node.js 24 on a server still counts a stream that was cancelled a moment ago.
        if (hasCancelled && code === status.RESOURCE_EXHAUSTED) streams.push(open());
      });
      return stream;
    };
    const streams = Array.from({ length: 6 }, open);
    await until(() => expect(reached).toBe(5));
    expect(mirror.faults.running()).toBe(5);
    hasCancelled = true;
    streams[0]?.cancel();
    await until(() => expect(reached).toBe(6));
    client.close();
    for (const stream of streams) stream.cancel();
  });

  it('does not pile up messages for a client that takes none', async () => {
    const subscription = subscribe({ topicID: topicId(1002), consensusStartTime: ZERO });
    subscription.pause();
    await until(() => expect(mirror.faults.running()).toBe(1));
    for (let n = 0; n < 20_000; n++) source.message(1002, 'x'.repeat(1000));
    subscription.resume();
    await until(() => expect(subscription.received).toHaveLength(20_000));
    expect(subscription.sequences.at(-1)).toBe(20_000);
  });
});
