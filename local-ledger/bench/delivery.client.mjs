import { Timestamp, TopicCreateTransaction, TopicMessageQuery, TopicMessageSubmitTransaction } from '@hashgraph/sdk';
import { connect, transactionIds } from './sdk-client.mjs';

/**
 * Submits one message after the other and prints how many milliseconds pass from the node's acceptance, and from the
 * call before it, to the message's arrival at a subscriber of the mirror.
 */
const { ledger, messages } = JSON.parse(process.argv[2]);
const client = connect(ledger);
const nextId = transactionIds(ledger.operator.accountId);
const created = await new TopicCreateTransaction().execute(client);
const { topicId } = await created.getReceipt(client);
let arrive = () => undefined;
const handle = new TopicMessageQuery()
  .setTopicId(topicId)
  .setStartTime(new Timestamp(0, 0))
  .subscribe(client, null, () => arrive(performance.now()));

const fromAcceptance = [];
const fromCall = [];
for (let sent = 0; sent < messages; sent++) {
  const arrived = new Promise((resolve) => {
    arrive = resolve;
  });
  const called = performance.now();
  await new TopicMessageSubmitTransaction({ topicId, message: `${sent}` }).setTransactionId(nextId()).execute(client);
  const accepted = performance.now();
  const at = await arrived;
  fromAcceptance.push(Math.max(0, at - accepted));
  fromCall.push(at - called);
}
process.stdout.write(`${JSON.stringify({ fromAcceptance, fromCall })}\n`);
handle.unsubscribe();
client.close();
