import { TopicCreateTransaction } from '@hashgraph/sdk';
import { RawClient } from './raw-client.mjs';
import { connect } from './sdk-client.mjs';

/**
 * Submits messages to a topic, a new one when none is given, or reads a topic from its start. Prints the topic and the
 * seconds it took; exits with an error when a message read is missing or out of order.
 */
const { ledger, clockOffsetMs = 0, inFlight = 64, messageBytes, ...job } = JSON.parse(process.argv[2]);
const topic = job.topic ?? (await createTopic());
const client = new RawClient(ledger, clockOffsetMs);
const started = performance.now();
if (job.submit !== undefined) await submitMany(job.submit);
if (job.read !== undefined) await readMany(job.read);
const seconds = (performance.now() - started) / 1000;
process.stdout.write(`${JSON.stringify({ topic, seconds })}\n`);
client.close();

async function createTopic() {
  const sdk = connect(ledger);
  const created = await new TopicCreateTransaction().execute(sdk);
  const { topicId } = await created.getReceipt(sdk);
  sdk.close();
  return Number(topicId.num);
}

async function submitMany(count) {
  const message = Buffer.alloc(messageBytes, 'm');
  let left = count;
  let done = 0;
  const worker = async () => {
    while (left-- > 0) {
      await client.submit(topic, message);
      if (++done % 100_000 === 0) process.stderr.write(`  ${done} messages submitted\n`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function readMany(count) {
  let expected = 1n;
  await client.read(topic, count, (one) => {
    if (one.sequenceNumber !== expected || one.message.length !== messageBytes) {
      throw new Error(`message ${one.sequenceNumber} came where ${expected} was due`);
    }
    expected++;
  });
  if (expected !== BigInt(count) + 1n) throw new Error(`${expected - 1n} of ${count} messages came`);
}
