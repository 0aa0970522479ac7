import { TopicCreateTransaction, TopicMessageSubmitTransaction } from '@hashgraph/sdk';
import { connect, transactionIds } from './sdk-client.mjs';

/** Submits messages and waits for each one's receipt, so many at a time; prints round trips a second. */
const { ledger, inFlight, messages, warmUp } = JSON.parse(process.argv[2]);
const client = connect(ledger);
const nextId = transactionIds(ledger.operator.accountId);
const created = await new TopicCreateTransaction().execute(client);
const { topicId } = await created.getReceipt(client);
const message = 'm'.repeat(100);

async function run(count) {
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const submit = new TopicMessageSubmitTransaction({ topicId, message }).setTransactionId(nextId());
      await (await submit.execute(client)).getReceipt(client);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (count / (performance.now() - started)) * 1000;
}

await run(warmUp);
const perSecond = await run(messages);
process.stdout.write(`${JSON.stringify({ perSecond })}\n`);
client.close();
