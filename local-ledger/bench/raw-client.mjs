import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { ConsensusTopicQuery, ConsensusTopicResponse } from '../dist/gen/mirror_consensus_service.js';
import { Transaction, TransactionBody } from '../dist/gen/services_transaction.js';
import { SignedTransaction } from '../dist/gen/services_transaction_contents.js';
import { TransactionResponse } from '../dist/gen/services_transaction_response.js';

const NANOS = 1_000_000_000n;
const asIs = (bytes) => bytes;

/** Submits and reads without the SDK, whose cost per message would be most of what is measured. */
export class RawClient {
  #node;
  #mirror;
  #key;
  #publicKey;
  #lastStart = 0n;
  #clockOffsetMs;

  /** `clockOffsetMs` is how far the ledger's clock has been moved ahead of this machine's. */
  constructor({ ports, operator }, clockOffsetMs) {
    this.#clockOffsetMs = clockOffsetMs;
    this.#node = new Client(`127.0.0.1:${ports.consensus}`, credentials.createInsecure());
    this.#mirror = new Client(`127.0.0.1:${ports.mirrorGrpc}`, credentials.createInsecure());
    this.#key = createPrivateKey({ key: Buffer.from(operator.privateKey, 'hex'), format: 'der', type: 'pkcs8' });
    this.#publicKey = createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32);
  }

  /** Submits a message of the operator; resolves once accepted. Rejects with the status when it is not. */
  submit(topicNum, message) {
    const data = {
      $case: 'consensusSubmitMessage',
      value: { topicID: { shardNum: 0n, realmNum: 0n, topicNum: BigInt(topicNum) }, message, chunkInfo: undefined },
    };
    return new Promise((resolve, reject) => {
      const path = '/proto.ConsensusService/submitMessage';
      this.#node.makeUnaryRequest(path, asIs, asIs, this.#transaction(data), (error, answer) => {
        if (error) return reject(error);
        const code = TransactionResponse.decode(answer).nodeTransactionPrecheckCode;
        return code === 0 ? resolve() : reject(new Error(`precheck ${code}`));
      });
    });
  }

  /** Reads a topic from its start; calls back with each message and resolves when the limit is reached. */
  read(topicNum, limit, onMessage) {
    const query = ConsensusTopicQuery.fromPartial({
      topicID: { topicNum: BigInt(topicNum) },
      consensusStartTime: { seconds: 0n, nanos: 0 },
      limit: BigInt(limit),
    });
    const stream = this.#mirror.makeServerStreamRequest(
      '/com.hedera.mirror.api.proto.ConsensusService/subscribeTopic',
      asIs,
      asIs,
      Buffer.from(ConsensusTopicQuery.encode(query).finish()),
    );
    stream.on('data', (bytes) => onMessage(ConsensusTopicResponse.decode(bytes)));
    return new Promise((resolve, reject) => stream.on('error', reject).on('end', resolve));
  }

  close() {
    this.#node.close();
    this.#mirror.close();
  }

  #transaction(data) {
    const now = BigInt(Date.now() + this.#clockOffsetMs - 2000) * 1_000_000n;
    this.#lastStart = now > this.#lastStart ? now : this.#lastStart + 1n;
    const account = (num) => ({ account: { $case: 'accountNum', value: num } });
    const bodyBytes = TransactionBody.encode(
      TransactionBody.fromPartial({
        transactionID: {
          accountID: account(2n),
          transactionValidStart: { seconds: this.#lastStart / NANOS, nanos: Number(this.#lastStart % NANOS) },
        },
        nodeAccountID: account(3n),
        transactionFee: 200_000_000n,
        transactionValidDuration: { seconds: 120n },
        data,
      }),
    ).finish();
    const signature = { $case: 'ed25519', value: sign(null, bodyBytes, this.#key) };
    const sigMap = { sigPair: [{ pubKeyPrefix: this.#publicKey, signature }] };
    const signedTransactionBytes = SignedTransaction.encode(
      SignedTransaction.fromPartial({ bodyBytes, sigMap }),
    ).finish();
    return Buffer.from(Transaction.encode(Transaction.fromPartial({ signedTransactionBytes })).finish());
  }
}
