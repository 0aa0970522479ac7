import { accountId, topicId, transactionId } from '@gatepost/local-ledger/core/ids';
import { Transaction, TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { SignedTransaction } from '@gatepost/local-ledger/gen/services_transaction_contents';
import { newKey, operatorKey } from '@gatepost/local-ledger/operator';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshStart, pairBy, plainBody, RawClient, signedBytes, transactionBytes, wrapped } from './raw.js';
import { openStage, type Stage } from './support.js';

let stage: Stage;
let raw: RawClient;

beforeAll(async () => {
  stage = await openStage();
  raw = new RawClient(stage.ledger.ports.consensus);
});

afterAll(async () => {
  raw.close();
  await stage.close();
});

const second = 1_000_000_000n;
const now = () => BigInt(Date.now()) * 1_000_000n;
const idAt = (validStart: bigint) => transactionId({ payer: 2, validStart, scheduled: false, nonce: 0 });
const ownId = () => idAt(freshStart());
const transfer = (amounts: readonly (readonly [number, bigint])[]): Partial<TransactionBody> => ({
  data: {
    $case: 'cryptoTransfer',
    value: {
      transfers: {
        accountAmounts: amounts.map(([account, amount]) => ({
          accountID: accountId(account),
          amount,
          isApproval: false,
          hookCall: undefined,
        })),
      },
      tokenTransfers: [],
    },
  },
});

function withUnknownField(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.from('fa3f0101', 'hex')]);
}

function doubledPrefix(): Uint8Array {
  const bodyBytes = TransactionBody.encode(plainBody()).finish();
  const sigPair = [pairBy(operatorKey, bodyBytes), pairBy(operatorKey, bodyBytes, 4)];
  const signed = { bodyBytes, sigMap: { sigPair }, useSerializedTxMessageHashAlgorithm: false };
  return wrapped(SignedTransaction.encode(signed).finish());
}

function signedWithUnknownInBody(): Uint8Array {
  const bodyBytes = withUnknownField(TransactionBody.encode(plainBody()).finish());
  const signed = { bodyBytes, sigMap: { sigPair: [] }, useSerializedTxMessageHashAlgorithm: false };
  return wrapped(SignedTransaction.encode(signed).finish());
}

/** Row of the ingest checks, submission, precheck code. */
const refused: readonly (readonly [string, () => Uint8Array, string])[] = [
  ['more than 6144 bytes', () => transactionBytes(otherPayer({ memo: 'x'.repeat(7_000) })), 'TRANSACTION_OVERSIZE'],
  ['an unknown field', () => withUnknownField(transactionBytes(plainBody())), 'TRANSACTION_HAS_UNKNOWN_FIELDS'],
  ['an unknown field in the body', signedWithUnknownInBody, 'TRANSACTION_HAS_UNKNOWN_FIELDS'],
  ['no protobuf', () => Buffer.from('ffffffffff', 'hex'), 'INVALID_TRANSACTION'],
  ['both encodings', bothEncodings, 'INVALID_TRANSACTION'],
  ['nothing', () => new Uint8Array(), 'INVALID_TRANSACTION_BODY'],
  ['no signature map', withoutSignatureMap, 'INVALID_TRANSACTION_BODY'],
  ['no data', () => transactionBytes(plainBody({ data: undefined })), 'INVALID_TRANSACTION_BODY'],
  ['no id', () => transactionBytes(plainBody({ transactionID: undefined })), 'INVALID_TRANSACTION_ID'],
  [
    'an id without payer',
    () => transactionBytes(plainBody({ transactionID: { ...ownId(), accountID: undefined } })),
    'PAYER_ACCOUNT_NOT_FOUND',
  ],
  ['a prefix that begins another', doubledPrefix, 'KEY_PREFIX_MISMATCH'],
  [
    'payer 0.0.0',
    () => transactionBytes(plainBody({ transactionID: { ...ownId(), accountID: accountId(0) } })),
    'PAYER_ACCOUNT_NOT_FOUND',
  ],
  [
    'a scheduled id',
    () => transactionBytes(plainBody({ transactionID: { ...ownId(), scheduled: true } })),
    'TRANSACTION_ID_FIELD_NOT_ALLOWED',
  ],
  [
    'a nonce',
    () => transactionBytes(plainBody({ transactionID: { ...ownId(), nonce: 1 } })),
    'TRANSACTION_ID_FIELD_NOT_ALLOWED',
  ],
  [
    'no valid start',
    () => transactionBytes(plainBody({ transactionID: { ...ownId(), transactionValidStart: undefined } })),
    'INVALID_TRANSACTION_START',
  ],
  ['a memo of 101 bytes', () => transactionBytes(plainBody({ memo: `${'é'.repeat(50)}x` })), 'MEMO_TOO_LONG'],
  ['a NUL in the memo', () => transactionBytes(plainBody({ memo: 'a\0b' })), 'INVALID_ZERO_BYTE_IN_STRING'],
  [
    'a custom fee limit on a transfer',
    () => transactionBytes(plainBody({ maxCustomFees: [{ accountId: accountId(2), fees: [] }] })),
    'MAX_CUSTOM_FEES_IS_NOT_SUPPORTED',
  ],
  [
    'no duration',
    () => transactionBytes(plainBody({ transactionValidDuration: undefined })),
    'INVALID_TRANSACTION_DURATION',
  ],
  ['another node', () => transactionBytes(plainBody({ nodeAccountID: accountId(4) })), 'INVALID_NODE_ACCOUNT'],
  [
    'a duration of 14 s',
    () => transactionBytes(plainBody({ transactionValidDuration: { seconds: 14n } })),
    'INVALID_TRANSACTION_DURATION',
  ],
  [
    'a duration of 181 s',
    () => transactionBytes(plainBody({ transactionValidDuration: { seconds: 181n } })),
    'INVALID_TRANSACTION_DURATION',
  ],
  [
    'a start 111 s ago',
    () => transactionBytes(plainBody({ transactionID: idAt(now() - 111n * second) })),
    'TRANSACTION_EXPIRED',
  ],
  [
    'a start to come',
    () => transactionBytes(plainBody({ transactionID: idAt(now() + 30n * second) })),
    'INVALID_TRANSACTION_START',
  ],
  [
    'a type that is not supported',
    () => transactionBytes(plainBody({ data: { $case: 'utilPrng', value: { range: 1 } } })),
    'NOT_SUPPORTED',
  ],
  [
    'a message without topic',
    () =>
      transactionBytes(
        plainBody({
          data: {
            $case: 'consensusSubmitMessage',
            value: { topicID: undefined, message: Buffer.from('x'), chunkInfo: undefined },
          },
        }),
      ),
    'INVALID_TOPIC_ID',
  ],
  [
    'an empty message',
    () =>
      transactionBytes(
        plainBody({
          data: {
            $case: 'consensusSubmitMessage',
            value: { topicID: topicId(1), message: new Uint8Array(), chunkInfo: undefined },
          },
        }),
      ),
    'INVALID_TOPIC_MESSAGE',
  ],
  [
    'amounts that do not cancel',
    () =>
      transactionBytes(
        plainBody(
          transfer([
            [2, -1n],
            [3, 2n],
          ]),
        ),
      ),
    'INVALID_ACCOUNT_AMOUNTS',
  ],
  [
    'an account twice',
    () =>
      transactionBytes(
        plainBody(
          transfer([
            [2, -2n],
            [3, 1n],
            [3, 1n],
          ]),
        ),
      ),
    'ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS',
  ],
  [
    'an empty batch',
    () => transactionBytes(plainBody({ data: { $case: 'atomicBatch', value: { transactions: [] } } })),
    'BATCH_LIST_EMPTY',
  ],
  ['a payer that does not exist', () => transactionBytes(otherPayer()), 'PAYER_ACCOUNT_NOT_FOUND'],
  ['a signature by another key', () => transactionBytes(plainBody(), [newKey()]), 'INVALID_SIGNATURE'],
  ['too small a fee', () => transactionBytes(byPoor({ transactionFee: 83_332n })), 'INSUFFICIENT_TX_FEE'],
  ['a payer without hbar', () => transactionBytes(byPoor()), 'INSUFFICIENT_PAYER_BALANCE'],
];

/** By an account with the operator's key and no hbar, which pays fees like everybody. */
function byPoor(changes: Partial<TransactionBody> = {}): TransactionBody {
  return plainBody({ transactionID: { ...ownId(), accountID: accountId(51) }, ...changes });
}

function otherPayer(changes: Partial<TransactionBody> = {}): TransactionBody {
  return plainBody({ transactionID: { ...ownId(), accountID: accountId(999_999) }, ...changes });
}

function bothEncodings(): Uint8Array {
  const signedTransactionBytes = signedBytes(plainBody());
  return Transaction.encode({ ...Transaction.create(), signedTransactionBytes, bodyBytes: Buffer.of(1) }).finish();
}

function withoutSignatureMap(): Uint8Array {
  const bodyBytes = TransactionBody.encode(plainBody()).finish();
  const signed = { bodyBytes, sigMap: undefined, useSerializedTxMessageHashAlgorithm: false };
  return wrapped(SignedTransaction.encode(signed).finish());
}

describe('ingest', () => {
  it.each(refused)('refuses %s', async (_what, submission, code) => {
    expect(await raw.submit(submission())).toBe(code);
  });

  it('does not even parse more than 133,120 bytes', async () => {
    expect(await raw.submit(new Uint8Array(133_120).fill(255))).toBe('INVALID_TRANSACTION');
    await expect(raw.submit(new Uint8Array(133_121).fill(255))).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: '',
    });
  });

  it('takes a valid transaction once', async () => {
    const bytes = transactionBytes(plainBody());
    expect(await raw.submit(bytes)).toBe('OK');
    expect(await raw.submit(bytes)).toBe('DUPLICATE_TRANSACTION');
  });

  it('takes the retired encoding', async () => {
    const bodyBytes = TransactionBody.encode(plainBody()).finish();
    const sigMap = { sigPair: [pairBy(operatorKey, bodyBytes)] };
    expect(await raw.submit(Transaction.encode({ ...Transaction.create(), bodyBytes, sigMap }).finish())).toBe('OK');
  });

  it('lets a governance payer send more than 6144 bytes', async () => {
    expect(await raw.submit(transactionBytes(plainBody({ memo: 'x'.repeat(7_000) })))).toBe('MEMO_TOO_LONG');
  });

  it('checks in the order of the network: what comes first wins', async () => {
    const everything = plainBody({
      memo: 'x'.repeat(101),
      transactionValidDuration: { seconds: 1n },
      nodeAccountID: accountId(9),
      transactionFee: 0n,
    });
    expect(await raw.submit(transactionBytes(everything, [newKey()]))).toBe('MEMO_TOO_LONG');
    expect(await raw.submit(transactionBytes({ ...everything, memo: '' }, [newKey()]))).toBe('INVALID_NODE_ACCOUNT');
  });
});
