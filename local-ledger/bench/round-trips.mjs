// One SDK client process: submits topic messages and waits for each receipt, 64 in flight.
// Usage: node round-trips.mjs <consensus port> <count>; prints one line of JSON.
import { createPrivateKey, sign } from 'node:crypto';
import {
  AccountId,
  Client,
  Logger,
  LogLevel,
  PrivateKey,
  Timestamp,
  TopicCreateTransaction,
  TopicMessageSubmitTransaction,
  TransactionId,
} from '@hashgraph/sdk';

const [port, count] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 64;
const der = '302e020100300506032b65700422042091132178e72057a1d7528025956fe39b0b847f200ab59b2fdd367017f3087137';
const key = createPrivateKey({ key: Buffer.from(der, 'hex'), format: 'der', type: 'pkcs8' });
const client = Client.forNetwork({ [`127.0.0.1:${port}`]: new AccountId(3) });
client.setLogger(new Logger(LogLevel.Silent));
client.setOperatorWith('0.0.2', PrivateKey.fromStringDer(der).publicKey, async (bytes) => sign(null, bytes, key));

const created = await new TopicCreateTransaction().execute(client);
const { topicId } = await created.getReceipt(client);
const message = 'x'.repeat(100);
let nanos = BigInt(Date.now() - 10_000) * 1_000_000n;

async function roundTrip() {
  nanos += 1n;
  const validStart = new Timestamp(Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n));
  const response = await new TopicMessageSubmitTransaction({ topicId, message })
    .setTransactionId(TransactionId.withValidStart(AccountId.fromString('0.0.2'), validStart))
    .execute(client);
  const started = performance.now();
  await response.getReceipt(client);
  return performance.now() - started;
}

async function run(total) {
  let left = total;
  const worker = async () => {
    while (left-- > 0) {
      if (left % 1_000 === 0) {
        nanos = BigInt(Date.now() - 10_000) * 1_000_000n > nanos ? BigInt(Date.now() - 10_000) * 1_000_000n : nanos;
      }
      await roundTrip();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (performance.now() - started) / 1_000;
}

await run(Math.min(1_000, count));
const seconds = await run(count);
console.log(JSON.stringify({ topicId: topicId.toString(), count, seconds, perSecond: Math.round(count / seconds) }));
client.close();
