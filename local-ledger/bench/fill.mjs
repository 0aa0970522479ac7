// Submits topic messages over plain gRPC, without the SDK, so that a million of them take minutes and not an hour.
// Usage: node fill.mjs <consensus port> <count>; prints one line of JSON.
import { createPrivateKey, sign } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { accountId, topicId, transactionId } from '../dist/core/ids.js';
import { Transaction, TransactionBody } from '../dist/gen/services_transaction.js';
import { SignedTransaction } from '../dist/gen/services_transaction_contents.js';
import { TransactionResponse } from '../dist/gen/services_transaction_response.js';
import { operatorKey } from '../dist/operator.js';

const [port, count] = process.argv.slice(2).map(Number);
const IN_FLIGHT = 256;
const FIRST_ENTITY = 1001;
const key = createPrivateKey({ key: Buffer.from(operatorKey.privateKeyDer, 'hex'), format: 'der', type: 'pkcs8' });
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
const same = (bytes) => bytes;
let last = 0n;

function signed(data) {
  const now = BigInt(Date.now() - 2_000) * 1_000_000n;
  last = now > last ? now : last + 1n;
  const bodyBytes = TransactionBody.encode({
    ...TransactionBody.create(),
    transactionID: transactionId({ payer: 2, validStart: last, scheduled: false, nonce: 0 }),
    nodeAccountID: accountId(3),
    transactionFee: 10_000_000_000n,
    transactionValidDuration: { seconds: 120n },
    data,
  }).finish();
  const signature = { $case: 'ed25519', value: sign(null, bodyBytes, key) };
  const sigMap = { sigPair: [{ pubKeyPrefix: operatorKey.publicKey, signature }] };
  const signedTransactionBytes = SignedTransaction.encode({ bodyBytes, sigMap }).finish();
  return Buffer.from(Transaction.encode({ ...Transaction.create(), signedTransactionBytes }).finish());
}

function call(path, data) {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, signed(data), (error, response) => {
      const code = error ?? TransactionResponse.decode(response).nodeTransactionPrecheckCode;
      code === 0 ? resolve() : reject(code);
    });
  });
}

const topic = { autoRenewPeriod: { seconds: 7_776_000n } };
await call('/proto.ConsensusService/createTopic', {
  $case: 'consensusCreateTopic',
  value: { memo: '', feeExemptKeyList: [], customFees: [], ...topic },
});
const message = Buffer.alloc(100, 'x');
const submit = { $case: 'consensusSubmitMessage', value: { topicID: topicId(FIRST_ENTITY), message } };
let left = count;
const started = performance.now();
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) {
      await call('/proto.ConsensusService/submitMessage', submit);
    }
  }),
);
const seconds = (performance.now() - started) / 1_000;
console.log(JSON.stringify({ count, seconds, perSecond: Math.round(count / seconds) }));
client.close();
