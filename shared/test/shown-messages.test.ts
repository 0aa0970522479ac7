import { ShownMessages } from '@gatepost/shared/hedera/shown-messages';
import { accountId, topicId, transactionId } from '@gatepost/shared/vocabulary/ids';
import { expect, it } from 'vitest';

const topic = topicId('0.0.7');
const payer = accountId('0.0.5');
const id = transactionId(payer, 1_000_000_001n);
const message = Buffer.from('content');
const streamed = { sequenceNumber: 3, consensusTimestamp: 2n, payer, validStart: 1_000_000_001n, message };
const shownAs = (change: Partial<Parameters<ShownMessages['show']>[0]> = {}) => ({
  ...streamed,
  chunk: { number: 1, total: 1 },
  ...change,
});

it('awaits a message for as long as its topic is followed by anybody', () => {
  const shown = new ShownMessages();
  expect(shown.expect(id, topic, message)).toBeUndefined();
  const [first, second] = [shown.follow(topic), shown.follow(topic)];
  first();
  expect(shown.expect(id, topic, message)).toBeDefined();
  expect(shown.expect(id, topicId('0.0.8'), message)).toBeUndefined();
  second();
  expect(shown.expect(id, topic, message)).toBeUndefined();
});

it.each([
  ['before it is asked for', true],
  ['while it is waited for', false],
])('tells where it stands when that is shown %s', async (_when, before) => {
  const shown = new ShownMessages();
  shown.follow(topic);
  const awaited = shown.expect(id, topic, message);
  if (before) shown.show(shownAs());
  const told = awaited?.within(60_000);
  if (!before) shown.show(shownAs());
  expect(await told).toBe(3);
});

it.each([
  ['of another content', { message: Buffer.from('another') }],
  ['of another account', { payer: accountId('0.0.6') }],
  ['of another moment', { validStart: 1_000_000_002n }],
  ['without the transaction that it came by', { validStart: undefined }],
])('does not take a message %s for it', async (_what, change) => {
  const shown = new ShownMessages();
  shown.follow(topic);
  const awaited = shown.expect(id, topic, message);
  shown.show(shownAs(change));
  expect(await awaited?.within(1)).toBeUndefined();
  shown.show(shownAs());
  expect(await awaited?.within(1)).toBe(3);
});

it('forgets what is given up', async () => {
  const shown = new ShownMessages();
  shown.follow(topic);
  const awaited = shown.expect(id, topic, message);
  awaited?.giveUp();
  shown.show(shownAs());
  expect(await awaited?.within(1)).toBeUndefined();
});
