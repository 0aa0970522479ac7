import { TopicCreateTransaction } from '@hashgraph/sdk';
import { residentBytes } from './measure.mjs';
import { RawClient } from './raw-client.mjs';
import { connect } from './sdk-client.mjs';

/**
 * Submits a number of messages to one topic, waits until the mirror has them all, and reads every one of them again.
 * Prints the seconds each took and the ledger's memory when half of them were stored; exits with an error when a message is missing or out of order.
 */
const { ledger, messages, inFlight, messageBytes } = JSON.parse(process.argv[2]);
const sdk = connect(ledger);
const created = await new TopicCreateTransaction().execute(sdk);
const { topicId } = await created.getReceipt(sdk);
sdk.close();
const topic = Number(topicId.num);
const client = new RawClient(ledger);
const message = Buffer.alloc(messageBytes, 'm');

const submitStarted = performance.now();
let left = messages;
let done = 0;
let halfBytes = 0;
await Promise.all(
  Array.from({ length: inFlight }, async () => {
    while (left-- > 0) {
      await client.submit(topic, message);
      if (++done === messages / 2) halfBytes = residentBytes(ledger.pid);
      if (done % 100_000 === 0) process.stderr.write(`  ${done} messages submitted\n`);
    }
  }),
);
const submitSeconds = (performance.now() - submitStarted) / 1000;

const readStarted = performance.now();
let expected = 1n;
await client.read(topic, messages, (one) => {
  if (one.sequenceNumber !== expected || one.message.length !== messageBytes) {
    throw new Error(`message ${one.sequenceNumber} came where ${expected} was due`);
  }
  expected++;
});
const readSeconds = (performance.now() - readStarted) / 1000;
if (expected !== BigInt(messages) + 1n) throw new Error(`${expected - 1n} of ${messages} messages came`);
process.stdout.write(`${JSON.stringify({ submitSeconds, readSeconds, halfBytes })}\n`);
client.close();
