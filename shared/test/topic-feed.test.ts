import type { Connection } from '@gatepost/shared/hedera/connection';
import { scheduleMessage } from '@gatepost/shared/hedera/schedules';
import { followTopic } from '@gatepost/shared/hedera/topic-feed';
import { createTopic, messageTransaction } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { START, type TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { createLogger } from '@gatepost/shared/log';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LedgerFixture, openLedger } from './ledger-fixture.js';

const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });

let fixture: LedgerFixture;
let writer: Connection;
let topic: TopicId;

beforeAll(async () => {
  fixture = await openLedger();
  writer = await fixture.newAccount();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  topic = await createTopic(writer, { memo: 'feed' });
});

const write = (content: string, by = writer) => send(by, messageTransaction(topic, Buffer.from(content)));

/** Follows the topic until so many messages came. */
async function follow(count: number, after: typeof START = START): Promise<TopicMessage[]> {
  const stop = new AbortController();
  const seen: TopicMessage[] = [];
  for await (const message of followTopic(writer, topic, after, stop.signal, log)) {
    seen.push(message);
    if (seen.length === count) break;
  }
  stop.abort();
  return seen;
}

const contents = (seen: readonly TopicMessage[]) => seen.map(({ message }) => message.toString());

describe('a topic feed', () => {
  it('gives what was there and what comes, in order, with its author', async () => {
    const other = await fixture.newAccount();
    await write('one');
    const following = follow(3);
    await write('two', other);
    await write('three');
    const seen = await following;
    expect(contents(seen)).toEqual(['one', 'two', 'three']);
    expect(seen.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2, 3]);
    expect(seen.map(({ payer }) => payer)).toEqual([writer.account, other.account, writer.account]);
  });

  it('goes on after its cursor', async () => {
    await write('one');
    const [first] = await follow(1);
    await write('two');
    expect(contents(await follow(1, first))).toEqual(['two']);
  });

  it.each([
    ['clean ends', 0],
    ['UNAVAILABLE', 14],
    ['INTERNAL', 13],
    ['RESOURCE_EXHAUSTED', 8],
  ])('loses and repeats nothing over 30 breaks with %s', async (_what, code) => {
    fixture.ledger.mirror.faults.addStreamFault(
      { afterMessages: 1, code, message: 'broken on purpose', betweenChunks: false },
      30,
    );
    const following = follow(40);
    for (let i = 0; i < 40; i += 1) await write(String(i));
    expect(contents(await following)).toEqual(Array.from({ length: 40 }, (_, i) => String(i)));
    fixture.ledger.mirror.faults.clear();
  });

  it('survives errors of REST while it fills in what the stream does not say', async () => {
    fixture.ledger.mirror.faults.addRestFault({ status: 503, message: 'down', urlContains: '/messages' }, 2);
    const agent = await fixture.newAccount();
    const expiresAt = fixture.ledger.clock.now() + 30n * NANOS_PER_SECOND;
    await scheduleMessage(agent, { topic, message: Buffer.from('scheduled'), expiresAt, memo: topic });
    const following = follow(2);
    await write('first');
    await fixture.ledger.clock.advance(60n * NANOS_PER_SECOND);
    const seen = await following;
    expect(contents(seen)).toEqual(['first', 'scheduled']);
    expect(seen[1]?.payer).toBe(agent.account);
  });
});
