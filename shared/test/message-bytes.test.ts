import { AccountKey } from '@gatepost/shared/hedera/account-key';
import { messageBytes } from '@gatepost/shared/hedera/message-bytes';
import { accountId, topicId, transactionId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import {
  Hbar,
  PrivateKey,
  AccountId as SdkAccountId,
  TransactionId as SdkTransactionId,
  TopicMessageSubmitTransaction,
  Transaction,
} from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import { describe, expect, it } from 'vitest';

const payer = accountId('0.0.1005');
const nodes = [accountId('0.0.3'), accountId('0.0.7')];
const message = Buffer.from('{"some":"records"}');
const VALID_SECONDS = 30;

/** Bodies and signing keys of a list, as a reader of the network's messages sees them: fields that are nought are as if left out. */
function contents(list: Uint8Array) {
  return proto.TransactionList.decode(list).transactionList.map((transaction) => {
    const { bodyBytes, sigMap } = proto.SignedTransaction.decode(transaction.signedTransactionBytes ?? Buffer.alloc(0));
    const body = JSON.parse(JSON.stringify(proto.TransactionBody.decode(bodyBytes ?? Buffer.alloc(0))));
    const keys = sigMap?.sigPair?.map(({ pubKeyPrefix }) => Buffer.from(pubKeyPrefix ?? []).toString('hex'));
    return { body: withoutNoughts(body), keys };
  });
}

function withoutNoughts(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutNoughts);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, withoutNoughts(part)] as const);
  const { low, high } = value as { low?: number; high?: number };
  if (low === 0 && high === 0) return undefined;
  return Object.fromEntries(
    entries.filter(([, part]) => part !== undefined && part !== '' && part !== 0 && part !== false),
  );
}

async function bySdk(key: AccountKey, nanos: bigint): Promise<Uint8Array> {
  const transaction = new TopicMessageSubmitTransaction()
    .setTopicId('0.0.1009')
    .setMessage(message)
    .setMaxChunks(1)
    .setTransactionId(SdkTransactionId.fromString(transactionId(payer, nanos)))
    .setTransactionValidDuration(VALID_SECONDS)
    .setMaxTransactionFee(new Hbar(2))
    .setRegenerateTransactionId(false)
    .setNodeAccountIds(nodes.map((node) => SdkAccountId.fromString(node)))
    .freeze();
  await transaction.signWith(key.publicKey, async (bytes) => key.sign(bytes));
  return transaction.toBytes();
}

describe.each([
  ['Ed25519', PrivateKey.generateED25519()],
  ['ECDSA', PrivateKey.generateECDSA()],
])('a message signed by a key of %s', (_kind, secret) => {
  const key = AccountKey.fromSdk(secret);
  const made = (nanos: bigint) =>
    messageBytes(
      {
        id: transactionId(payer, nanos),
        topic: topicId('0.0.1009'),
        message,
        validSeconds: VALID_SECONDS,
        maxFeeTinybar: 200_000_000n,
      },
      nodes,
      key,
    );

  it.each([1_700_000_000n * NANOS_PER_SECOND + 12n, 1_700_000_000n * NANOS_PER_SECOND])(
    'says what the SDK would have it say (%s)',
    async (nanos) => {
      expect(contents(made(nanos))).toEqual(contents(await bySdk(key, nanos)));
    },
  );

  it('is read and verified by the SDK', () => {
    const bytes = made(1_700_000_000n * NANOS_PER_SECOND + 12n);
    const read = Transaction.fromBytes(bytes) as TopicMessageSubmitTransaction;
    expect(Buffer.from(read.message ?? [])).toEqual(message);
    expect(read.nodeAccountIds?.map(String)).toEqual(nodes);
    expect(read.transactionId?.toString()).toBe('0.0.1005@1700000000.000000012');
    expect(key.publicKey.verifyTransaction(read)).toBe(true);
  });
});
